using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

internal static class HealthCheckMapping
{
    private const int MaxPathLength = 2048;
    private const int MaxThreshold = 100;
    private const int MaxStatusRanges = 64;
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(10);

    public static Proto.HealthCheck ToProto(HealthCheckIntent check)
    {
        var result = new Proto.HealthCheck
        {
            Type = WireEnums.ToProto(WireEnums.CheckTypes, check.Type),
            Port = check.Port,
            Path = check.Path,
            Host = check.Host ?? "",
            Tls = check.Tls,
            TlsSkipVerify = check.TlsSkipVerify,
            Interval = Duration.FromTimeSpan(check.Interval),
            Timeout = Duration.FromTimeSpan(check.Timeout),
            UnhealthyThreshold = (uint)check.UnhealthyThreshold,
            HealthyThreshold = (uint)check.HealthyThreshold,
        };
        foreach (var range in check.ExpectedStatuses)
        {
            result.ExpectedStatuses.Add(new Proto.StatusRange { First = (uint)range.First, Last = (uint)range.Last });
        }

        return result;
    }

    public static HealthCheckIntent Read(Proto.HealthCheck check, ObjectReader reader) => new()
    {
        Type = reader.Enumeration("health_check.type", check.Type, WireEnums.CheckTypes),
        Port = (ushort)reader.Number("health_check.port", check.Port, 0, ushort.MaxValue),
        Path = ReadPath(check, reader),
        Host = ReadHost(check, reader),
        ExpectedStatuses = ReadStatuses(check, reader),
        Tls = check.Tls,
        TlsSkipVerify = check.TlsSkipVerify,
        Interval = reader.Duration("health_check.interval", check.Interval, MinInterval, MaxInterval),
        Timeout = reader.Duration("health_check.timeout", check.Timeout, MinTimeout, MaxInterval),
        UnhealthyThreshold = reader.Number("health_check.unhealthy_threshold", check.UnhealthyThreshold, 1, MaxThreshold),
        HealthyThreshold = reader.Number("health_check.healthy_threshold", check.HealthyThreshold, 1, MaxThreshold),
    };

    private static string ReadPath(Proto.HealthCheck check, ObjectReader reader)
    {
        if (check.Path.Length == 0)
        {
            return "/";
        }

        if (check.Path[0] != '/' || check.Path.Length > MaxPathLength || check.Path.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            reader.Refuse(
                "health_check.path", $"must begin with '/' and be up to {MaxPathLength} printable characters without spaces");
        }

        return check.Path;
    }

    private static string? ReadHost(Proto.HealthCheck check, ObjectReader reader)
    {
        if (check.Host.Length == 0)
        {
            return null;
        }

        // The Host header of the request is built from it.
        if (check.Host.Length > SnapshotLimits.MaxNameLength + 6
            || check.Host.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')))
        {
            reader.Refuse("health_check.host", $"'{ObjectReader.Shorten(check.Host)}' is not a host name, with or without a port");
        }

        return check.Host;
    }

    private static ImmutableArray<StatusRange> ReadStatuses(Proto.HealthCheck check, ObjectReader reader)
    {
        if (!reader.Count("health_check.expected_statuses", check.ExpectedStatuses.Count, MaxStatusRanges))
        {
            return [];
        }

        for (var i = 0; i < check.ExpectedStatuses.Count; i++)
        {
            var range = check.ExpectedStatuses[i];
            if (range.First < 100 || range.Last > 599 || range.First > range.Last)
            {
                reader.Refuse(
                    $"health_check.expected_statuses[{i}]", $"{range.First}-{range.Last} is not a range within 100-599");
            }
        }

        return [.. check.ExpectedStatuses.Select(range => new StatusRange((int)range.First, (int)range.Last))];
    }
}
