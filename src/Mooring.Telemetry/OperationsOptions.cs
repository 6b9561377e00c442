using System.ComponentModel.DataAnnotations;

namespace Mooring.Telemetry;

/// <summary>How a program is looked at from outside.</summary>
public sealed class OperationsOptions : IValidatableObject
{
    /// <summary>Name of the program in <c>mooring_build_info</c> and as <c>service.name</c> of what is exported.</summary>
    public string Program { get; set; } = "";

    /// <summary>URL that answers /healthz, /readyz and /metrics, such as <c>http://*:7950</c>; empty for none.</summary>
    public string Listen { get; set; } = "";

    /// <summary>Where metrics are sent by OTLP over gRPC, such as <c>http://collector:4317</c>; empty for nowhere.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>How often metrics are sent, 1 s to 1 h.</summary>
    public TimeSpan OtlpInterval { get; set; } = DefaultOtlpInterval;

    public static readonly TimeSpan DefaultOtlpInterval = TimeSpan.FromSeconds(30);

    public const string ListenDescription =
        "URL that answers /healthz, /readyz and /metrics, such as http://*:7950; none when not given";

    public const string OtlpDescription =
        "URL of an OpenTelemetry collector that metrics are sent to by gRPC, such as http://collector:4317; none when not given";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Listen.Length > 0 && !IsBinding(Listen))
        {
            yield return new ValidationResult(
                $"--operations-listen (MOORING_OPERATIONS_LISTEN) must be http://address:port or http://*:port, not '{Listen}'",
                [nameof(Listen)]);
        }

        if (OtlpEndpoint.Length > 0
            && !(Uri.TryCreate(OtlpEndpoint, UriKind.Absolute, out var collector) && collector.Scheme is "http" or "https"))
        {
            yield return new ValidationResult(
                $"--otlp-endpoint (MOORING_OTLP_ENDPOINT) must be http://host:port or https://host:port, not '{OtlpEndpoint}'",
                [nameof(OtlpEndpoint)]);
        }

        if (OtlpInterval < TimeSpan.FromSeconds(1) || OtlpInterval > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("OtlpInterval must be 1s to 1h", [nameof(OtlpInterval)]);
        }
    }

    private static bool IsBinding(string listen) =>
        Uri.TryCreate(listen.Replace("//*", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri)
        && uri is { Scheme: "http", PathAndQuery: "/" };
}
