using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>Reads <c>spec.healthCheck</c>. What a type of check has no use for is an error: it would be ignored silently.</summary>
internal static class HealthCheckReader
{
    public static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan MaxInterval = TimeSpan.FromHours(1);
    public static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(10);

    private const string Field = "spec.healthCheck";
    private const int MaxHeaders = 32;
    private const int MaxArguments = 32;
    private const int MaxPayload = 1024;

    /// <summary>Headers that the check sets itself, or that would break the request.</summary>
    private static readonly HashSet<string> Reserved = new(
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "TE", "Upgrade", "Keep-Alive", "Trailer"],
        StringComparer.OrdinalIgnoreCase);

    public static HealthCheckIntent Read(FieldReader reader, HealthCheck spec)
    {
        var type = reader.Choice(
            spec.Type,
            $"{Field}.type",
            HealthCheckType.Tcp,
            ("TCP", HealthCheckType.Tcp),
            ("HTTP", HealthCheckType.Http),
            ("GRPC", HealthCheckType.Grpc),
            ("UDP", HealthCheckType.Udp),
            ("Exec", HealthCheckType.Exec));
        CheckUse(reader, spec);
        var interval = reader.Duration(
            spec.Interval, $"{Field}.interval", MinInterval, MaxInterval, HealthCheckIntent.DefaultInterval);
        var timeout = reader.Duration(
            spec.Timeout, $"{Field}.timeout", MinTimeout, MaxInterval, HealthCheckIntent.DefaultTimeout);

        // The default timeout is longer than an interval set short; only a timeout someone wrote is a mistake, and which
        // of the two was written cannot be seen, so the shorter one holds.
        timeout = timeout < interval ? timeout : interval;
        return new HealthCheckIntent
        {
            Type = type,
            Port = (ushort)(spec.Port is { } port
                ? reader.Number(port, $"{Field}.port", 1, ushort.MaxValue, Reasons.InvalidPort)
                : 0),
            Path = spec.Path is { Length: > 0 } path ? path : "/",
            Host = Host(reader, spec.Host, $"{Field}.host"),
            Headers = Headers(reader, spec.Headers),
            Http2 = reader.Choice(spec.HttpVersion, $"{Field}.httpVersion", false, ("1.1", false), ("2", true)),
            ExpectedStatuses = Statuses(reader, spec.ExpectedStatuses),
            ExpectedBody = Pattern(reader, spec.ExpectedBody, $"{Field}.expectedBody"),
            Tls = spec.Tls is { } tls ? Tls(reader, tls) : null,
            GrpcService = spec.Grpc?.Service ?? "",
            Udp = type == HealthCheckType.Udp ? Udp(reader, spec.Udp) : null,
            Exec = type == HealthCheckType.Exec ? Exec(reader, spec.Exec) : null,
            Passive = spec.Passive is { } passive ? HoldReader.Read(reader, passive, $"{Field}.passive") : null,
            FlapDamping = spec.FlapDamping is { } damping ? HoldReader.Read(reader, damping, $"{Field}.flapDamping") : null,
            Interval = interval,
            FailingInterval = spec.FailingInterval is null
                ? null
                : reader.Duration(spec.FailingInterval, $"{Field}.failingInterval", MinInterval, interval, interval),
            JitterPercent = reader.Number(spec.JitterPercent, $"{Field}.jitterPercent", 0, 50),
            InitialDelay = spec.InitialDelay is null
                ? TimeSpan.Zero
                : reader.Duration(spec.InitialDelay, $"{Field}.initialDelay", TimeSpan.Zero, MaxInterval, TimeSpan.Zero),
            Timeout = timeout,
            UnhealthyThreshold = reader.Number(spec.UnhealthyThreshold, $"{Field}.unhealthyThreshold", 1, 100),
            HealthyThreshold = reader.Number(spec.HealthyThreshold, $"{Field}.healthyThreshold", 1, 100),
        };
    }

    /// <summary>The Secret that <c>tls.caSecretRef</c> names.</summary>
    public static SecretEntry? Authority(string @namespace, HealthCheck? spec) =>
        spec?.Tls is { InsecureSkipVerify: false, CaSecretRef: { Name.Length: > 0 } secret }
            ? new SecretEntry(@namespace, secret.Name, secret.Key)
            : null;

    private static void CheckUse(FieldReader reader, HealthCheck spec)
    {
        (string Name, bool Set, string[] Types)[] fields =
        [
            ("headers", spec.Headers is not null, ["HTTP"]),
            ("httpVersion", spec.HttpVersion == "2", ["HTTP"]),
            ("expectedStatuses", spec.ExpectedStatuses is not null, ["HTTP"]),
            ("expectedBody", spec.ExpectedBody is not null, ["HTTP"]),
            ("host", !string.IsNullOrEmpty(spec.Host), ["HTTP", "GRPC"]),
            ("tls", spec.Tls is not null, ["TCP", "HTTP", "GRPC"]),
            ("grpc", spec.Grpc is not null, ["GRPC"]),
            ("udp", spec.Udp is not null, ["UDP"]),
            ("passive", spec.Passive is not null, ["TCP", "HTTP", "GRPC", "Exec"]),
            ("exec", spec.Exec is not null, ["Exec"]),
        ];
        foreach (var (name, _, types) in fields.Where(field => field.Set && !field.Types.Contains(spec.Type)))
        {
            reader.Report(
                Reasons.InvalidValue,
                $"{Field}.{name}",
                $"has no use in a check of type {spec.Type}; remove it, or set type {string.Join(" or ", types)}");
        }
    }

    private static string? Host(FieldReader reader, string? host, string field)
    {
        if (string.IsNullOrEmpty(host))
        {
            return null;
        }

        if (host.Length > 253 || host.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')))
        {
            reader.Report(Reasons.InvalidValue, field, $"'{host}' is not a host name; write it like www.example.com");
            return null;
        }

        return host;
    }

    private static ImmutableArray<HttpHeader> Headers(FieldReader reader, IList<HealthCheckHeader>? specs)
    {
        var headers = ImmutableArray.CreateBuilder<HttpHeader>();
        if (specs?.Count > MaxHeaders)
        {
            reader.Report(Reasons.InvalidValue, $"{Field}.headers", $"has {specs.Count} entries; keep at most {MaxHeaders}");
            return [];
        }

        for (var i = 0; i < (specs?.Count ?? 0); i++)
        {
            var (name, value) = (specs![i].Name, specs[i].Value);
            if (Reserved.Contains(name))
            {
                var instead = name.Equals("Host", StringComparison.OrdinalIgnoreCase) ? "set host instead" : "remove it";
                reader.Report(Reasons.InvalidValue, $"{Field}.headers[{i}].name", $"the check sets '{name}' itself; {instead}");
            }
            else if (!IsToken(name) || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                reader.Report(
                    Reasons.InvalidValue,
                    $"{Field}.headers[{i}]",
                    $"'{name}: {value}' is not a header; use a name as RFC 9110 has it and printable ASCII as the value");
            }
            else
            {
                headers.Add(new HttpHeader(name, value));
            }
        }

        return headers.ToImmutable();
    }

    private static bool IsToken(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));

    private static TlsCheckIntent Tls(FieldReader reader, HealthCheckTls spec)
    {
        if (spec is { InsecureSkipVerify: true, CaSecretRef: not null })
        {
            reader.Report(
                Reasons.InvalidValue,
                $"{Field}.tls.caSecretRef",
                "has no use with insecureSkipVerify, which takes any certificate; remove one of them");
        }

        return new TlsCheckIntent
        {
            SkipVerify = spec.InsecureSkipVerify,
            ServerName = Host(reader, spec.ServerName, $"{Field}.tls.serverName"),
            ExpiryWarning = TimeSpan.FromDays(
                reader.Number(spec.ExpiryWarningDays, $"{Field}.tls.expiryWarningDays", 0, 3650)),
        };
    }

    private static UdpCheckIntent? Udp(FieldReader reader, HealthCheckUdp? spec)
    {
        if (spec is null || (spec.Payload is null) == (spec.PayloadBase64 is null))
        {
            reader.Report(
                Reasons.InvalidValue,
                $"{Field}.udp",
                "a check of type UDP sends something; set one of payload and payloadBase64");
            return null;
        }

        var payload = new byte[MaxPayload];
        int length;
        if (spec.Payload is { } text)
        {
            if (!Encoding.UTF8.TryGetBytes(text, payload, out length))
            {
                reader.Report(Reasons.InvalidValue, $"{Field}.udp.payload", $"is longer than {MaxPayload} bytes; shorten it");
            }
        }
        else if (!Convert.TryFromBase64String(spec.PayloadBase64!, payload, out length))
        {
            reader.Report(
                Reasons.InvalidValue, $"{Field}.udp.payloadBase64", $"is not base64 of up to {MaxPayload} bytes; encode it again");
        }

        return new UdpCheckIntent
        {
            Payload = [.. payload.AsSpan(0, length)],
            Expected = Pattern(reader, spec.Expected, $"{Field}.udp.expected"),
        };
    }

    private static ExecCheckIntent? Exec(FieldReader reader, HealthCheckExec? spec)
    {
        if (spec is null)
        {
            reader.Report(Reasons.InvalidValue, $"{Field}.exec", "a check of type Exec runs a program; set exec.program");
            return null;
        }

        if (!ExecCheckIntent.IsProgramName(spec.Program))
        {
            reader.Report(
                Reasons.InvalidValue,
                $"{Field}.exec.program",
                $"'{spec.Program}' is not the name of a file; name one in the agent's --check-directory, without a path");
            return null;
        }

        if (spec.Arguments?.Count > MaxArguments || spec.Arguments?.Any(argument => argument.Contains('\0', StringComparison.Ordinal)) == true)
        {
            reader.Report(
                Reasons.InvalidValue, $"{Field}.exec.arguments", $"keep at most {MaxArguments}, none with a NUL character");
            return null;
        }

        return new ExecCheckIntent { Program = spec.Program, Arguments = [.. spec.Arguments ?? []] };
    }

    private static string? Pattern(FieldReader reader, string? text, string field)
    {
        if (text is null)
        {
            return null;
        }

        if (!AnswerPattern.TryParse(text, out _, out var error))
        {
            reader.Report(Reasons.InvalidValue, field, $"'{text}' {error}");
            return null;
        }

        return text;
    }

    private static ImmutableArray<StatusRange> Statuses(FieldReader reader, IList<string>? texts)
    {
        var ranges = ImmutableArray.CreateBuilder<StatusRange>();
        for (var i = 0; i < (texts?.Count ?? 0); i++)
        {
            var parts = texts![i].Split('-');
            if (parts.Length <= 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && first is >= 100 and <= 599 && last is >= 100 and <= 599 && first <= last)
            {
                ranges.Add(new StatusRange(first, last));
            }
            else
            {
                reader.Report(
                    Reasons.InvalidValue,
                    $"{Field}.expectedStatuses[{i}]",
                    $"'{texts[i]}' is not an HTTP status or a range of them; write 200 or 200-299");
            }
        }

        return ranges.ToImmutable();
    }
}
