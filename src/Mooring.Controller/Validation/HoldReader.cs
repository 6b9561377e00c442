using Mooring.Api.V1Alpha1;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>Reads what keeps an endpoint out for longer than its checks would.</summary>
internal static class HoldReader
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromHours(1);

    public static PassiveCheckIntent Read(FieldReader reader, HealthCheckPassive spec, string field)
    {
        var (standard, ejection) = (
            PassiveCheckIntent.Default,
            reader.Duration(spec.EjectionTime, $"{field}.ejectionTime", Shortest, Longest, PassiveCheckIntent.Default.EjectionTime));
        return new PassiveCheckIntent(
            reader.Number(spec.Failures, $"{field}.failures", 1, 1000),
            reader.Duration(spec.Window, $"{field}.window", Shortest, LongestWindow, standard.Window),
            ejection,
            reader.Duration(spec.MaxEjectionTime, $"{field}.maxEjectionTime", ejection, Longest, ejection),
            reader.Number(spec.MaxEjectedPercent, $"{field}.maxEjectedPercent", 0, 100));
    }

    public static FlapDampingIntent Read(FieldReader reader, HealthCheckFlapDamping spec, string field)
    {
        var (standard, hold) = (
            FlapDampingIntent.Default,
            reader.Duration(spec.HoldTime, $"{field}.holdTime", Shortest, Longest, FlapDampingIntent.Default.HoldTime));
        return new FlapDampingIntent(
            reader.Number(spec.Falls, $"{field}.falls", 2, 100),
            reader.Duration(spec.Within, $"{field}.within", Shortest, Longest, standard.Within),
            hold,
            reader.Duration(spec.MaxHoldTime, $"{field}.maxHoldTime", hold, Longest, hold));
    }
}
