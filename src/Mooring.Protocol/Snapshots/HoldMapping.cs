using Google.Protobuf.WellKnownTypes;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>What keeps an endpoint out for longer than its checks would.</summary>
internal static class HoldMapping
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static Proto.PassiveCheck ToProto(PassiveCheckIntent passive) => new()
    {
        Failures = (uint)passive.Failures,
        Window = Duration.FromTimeSpan(passive.Window),
        EjectionTime = Duration.FromTimeSpan(passive.EjectionTime),
        MaxEjectionTime = Duration.FromTimeSpan(passive.MaxEjectionTime),
        MaxEjectedPercent = (uint)passive.MaxEjectedPercent,
    };

    public static Proto.FlapDamping ToProto(FlapDampingIntent damping) => new()
    {
        Falls = (uint)damping.Falls,
        Within = Duration.FromTimeSpan(damping.Within),
        HoldTime = Duration.FromTimeSpan(damping.HoldTime),
        MaxHoldTime = Duration.FromTimeSpan(damping.MaxHoldTime),
    };

    public static PassiveCheckIntent Read(Proto.PassiveCheck passive, ObjectReader reader) => new(
        reader.Number("health_check.passive.failures", passive.Failures, 1, 1000),
        Time("health_check.passive.window", passive.Window, reader),
        Time("health_check.passive.ejection_time", passive.EjectionTime, reader),
        Time("health_check.passive.max_ejection_time", passive.MaxEjectionTime, reader),
        reader.Number("health_check.passive.max_ejected_percent", passive.MaxEjectedPercent, 0, 100));

    public static FlapDampingIntent Read(Proto.FlapDamping damping, ObjectReader reader) => new(
        reader.Number("health_check.flap_damping.falls", damping.Falls, 2, 100),
        Time("health_check.flap_damping.within", damping.Within, reader),
        Time("health_check.flap_damping.hold_time", damping.HoldTime, reader),
        Time("health_check.flap_damping.max_hold_time", damping.MaxHoldTime, reader));

    private static TimeSpan Time(string field, Duration? time, ObjectReader reader) =>
        reader.Duration(field, time ?? new Duration(), Shortest, Longest);
}
