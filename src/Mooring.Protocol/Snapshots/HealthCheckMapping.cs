using System.Collections.Immutable;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

internal static class HealthCheckMapping
{
    private const int MaxPathLength = 2048;
    private const int MaxThreshold = 100;
    private const int MaxStatusRanges = 64;
    private const int MaxHeaders = 64;
    private const int MaxArguments = 64;
    private const int MaxPayload = 1400;
    private const int MaxServiceLength = 256;
    private const int MaxAuthoritiesLength = 512 * 1024;
    private static readonly TimeSpan MaxExpiryWarning = TimeSpan.FromDays(3650);
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
            Http2 = check.Http2,
            ExpectedBody = check.ExpectedBody ?? "",
            Tls = check.Tls is not null,
            TlsSkipVerify = check.Tls?.SkipVerify ?? false,
            TlsServerName = check.Tls?.ServerName ?? "",
            TlsCaCertificates = check.Tls?.CaCertificates ?? "",
            TlsExpiryWarning = check.Tls is { ExpiryWarning: var warning } && warning > TimeSpan.Zero
                ? Duration.FromTimeSpan(warning)
                : null,
            GrpcService = check.GrpcService,
            Udp = check.Udp is { } udp
                ? new Proto.UdpCheck { Payload = ByteString.CopyFrom(udp.Payload.AsSpan()), Expected = udp.Expected ?? "" }
                : null,
            Exec = check.Exec is { } exec ? ToProto(exec) : null,
            JitterPercent = (uint)check.JitterPercent,
            InitialDelay = check.InitialDelay > TimeSpan.Zero ? Duration.FromTimeSpan(check.InitialDelay) : null,
            FailingInterval = check.FailingInterval is { } failing ? Duration.FromTimeSpan(failing) : null,
            Passive = check.Passive is { } passive ? HoldMapping.ToProto(passive) : null,
            FlapDamping = check.FlapDamping is { } damping ? HoldMapping.ToProto(damping) : null,
            Interval = Duration.FromTimeSpan(check.Interval),
            Timeout = Duration.FromTimeSpan(check.Timeout),
            UnhealthyThreshold = (uint)check.UnhealthyThreshold,
            HealthyThreshold = (uint)check.HealthyThreshold,
        };
        result.Headers.AddRange(check.Headers.Select(header => new Proto.HttpHeader { Name = header.Name, Value = header.Value }));
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
        Host = ReadHost("health_check.host", check.Host, reader),
        ExpectedStatuses = ReadStatuses(check, reader),
        Headers = ReadHeaders(check, reader),
        Http2 = check.Http2,
        ExpectedBody = ReadPattern("health_check.expected_body", check.ExpectedBody, reader),
        Tls = check.Tls ? ReadTls(check, reader) : null,
        GrpcService = check.GrpcService.Length <= MaxServiceLength ? check.GrpcService : Refused(reader),
        Udp = check.Type == Proto.HealthCheckType.Udp ? ReadUdp(check.Udp, reader) : null,
        Exec = check.Type == Proto.HealthCheckType.Exec ? ReadExec(check.Exec, reader) : null,
        JitterPercent = reader.Number("health_check.jitter_percent", check.JitterPercent, 0, 50),
        InitialDelay = check.InitialDelay is null
            ? TimeSpan.Zero
            : reader.Duration("health_check.initial_delay", check.InitialDelay, TimeSpan.Zero, MaxInterval),
        FailingInterval = check.FailingInterval is null
            ? null
            : reader.Duration("health_check.failing_interval", check.FailingInterval, MinInterval, MaxInterval),
        Passive = check.Passive is null ? null : HoldMapping.Read(check.Passive, reader),
        FlapDamping = check.FlapDamping is null ? null : HoldMapping.Read(check.FlapDamping, reader),
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

    private static string? ReadHost(string field, string host, ObjectReader reader)
    {
        if (host.Length == 0)
        {
            return null;
        }

        // The Host header of the request is built from it.
        if (host.Length > SnapshotLimits.MaxNameLength + 6
            || host.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')))
        {
            reader.Refuse(field, $"'{ObjectReader.Shorten(host)}' is not a host name, with or without a port");
        }

        return host;
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

    private static ImmutableArray<HttpHeader> ReadHeaders(Proto.HealthCheck check, ObjectReader reader)
    {
        if (!reader.Count("health_check.headers", check.Headers.Count, MaxHeaders))
        {
            return [];
        }

        for (var i = 0; i < check.Headers.Count; i++)
        {
            var header = check.Headers[i];
            if (header.Name.Length is 0 or > 128 || header.Name.AsSpan().ContainsAnyExceptInRange('!', '~')
                || header.Value.Length > 1024 || header.Value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                reader.Refuse($"health_check.headers[{i}]", "is not a header of printable ASCII");
            }
        }

        return [.. check.Headers.Select(header => new HttpHeader(header.Name, header.Value))];
    }

    private static TlsCheckIntent ReadTls(Proto.HealthCheck check, ObjectReader reader)
    {
        if (check.TlsCaCertificates.Length > MaxAuthoritiesLength)
        {
            reader.Refuse("health_check.tls_ca_certificates", $"is longer than {MaxAuthoritiesLength} characters");
        }

        return new TlsCheckIntent
        {
            SkipVerify = check.TlsSkipVerify,
            ServerName = ReadHost("health_check.tls_server_name", check.TlsServerName, reader),
            CaCertificates = check.TlsCaCertificates.Length == 0 ? null : check.TlsCaCertificates,
            ExpiryWarning = check.TlsExpiryWarning is null
                ? TimeSpan.Zero
                : reader.Duration("health_check.tls_expiry_warning", check.TlsExpiryWarning, TimeSpan.Zero, MaxExpiryWarning),
        };
    }

    private static UdpCheckIntent ReadUdp(Proto.UdpCheck? udp, ObjectReader reader)
    {
        if (udp is null || udp.Payload.Length > MaxPayload)
        {
            reader.Refuse("health_check.udp", udp is null ? "is missing" : $"has a payload of more than {MaxPayload} bytes");
            return new UdpCheckIntent();
        }

        return new UdpCheckIntent
        {
            Payload = [.. udp.Payload.Span],
            Expected = ReadPattern("health_check.udp.expected", udp.Expected, reader),
        };
    }

    private static ExecCheckIntent ReadExec(Proto.ExecCheck? exec, ObjectReader reader)
    {
        if (exec is null || !ExecCheckIntent.IsProgramName(exec.Program))
        {
            reader.Refuse("health_check.exec.program", "must be the name of a file, without a path");
        }

        if (!reader.Count("health_check.exec.arguments", exec?.Arguments.Count ?? 0, MaxArguments))
        {
            return new ExecCheckIntent { Program = "" };
        }

        return new ExecCheckIntent { Program = exec?.Program ?? "", Arguments = [.. exec?.Arguments ?? []] };
    }

    private static string? ReadPattern(string field, string text, ObjectReader reader)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (!AnswerPattern.TryParse(text, out _, out var error))
        {
            reader.Refuse(field, $"'{ObjectReader.Shorten(text)}' {error}");
        }

        return text;
    }

    private static string Refused(ObjectReader reader)
    {
        reader.Refuse("health_check.grpc_service", $"is longer than {MaxServiceLength} characters");
        return "";
    }

    private static Proto.ExecCheck ToProto(ExecCheckIntent exec)
    {
        var result = new Proto.ExecCheck { Program = exec.Program };
        result.Arguments.AddRange(exec.Arguments);
        return result;
    }
}
