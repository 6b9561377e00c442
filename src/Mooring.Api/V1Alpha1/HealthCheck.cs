using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>How endpoints are probed.</summary>
[Description("How endpoints are probed.")]
public sealed class HealthCheck
{
    [JsonPropertyName("type")]
    [Description("TCP opens a connection; HTTP sends a GET request and looks at the status.")]
    [Required]
    [AllowedValues("TCP", "HTTP")]
    public string Type { get; set; } = "TCP";

    [JsonPropertyName("port")]
    [Description("Port to probe; absent probes the endpoint's own port.")]
    [Range(1, 65535)]
    public int? Port { get; set; }

    [JsonPropertyName("path")]
    [Description("Path of the request.")]
    [RegularExpression("^/[!-~]*$")]
    [MaxLength(1024)]
    [DefaultValue("/")]
    public string Path { get; set; } = "/";

    [JsonPropertyName("host")]
    [Description("Value of the Host header; absent sends the address of the endpoint.")]
    [MaxLength(253)]
    public string? Host { get; set; }

    [JsonPropertyName("expectedStatuses")]
    [Description("Statuses that count as healthy, single or as a range: 200, 200-299. Absent takes 200-399.")]
    [ListSet]
    [MinLength(1)]
    [MaxLength(32)]
    [Item(Pattern = SchemaPatterns.StatusRange, MaxLength = 7)]
    public IList<string>? ExpectedStatuses { get; set; }

    [JsonPropertyName("tls")]
    [Description("Probe over TLS. An empty object checks the certificate against the system's authorities.")]
    public HealthCheckTls? Tls { get; set; }

    [JsonPropertyName("interval")]
    [Description("Time between probes, from 100ms to 1h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("5s")]
    public string Interval { get; set; } = "5s";

    [JsonPropertyName("timeout")]
    [Description("Longest time a probe may take; not longer than the interval.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("2s")]
    public string Timeout { get; set; } = "2s";

    [JsonPropertyName("unhealthyThreshold")]
    [Description("Failures in a row after which an endpoint takes no new connections.")]
    [Range(1, 100)]
    [DefaultValue(3)]
    public int UnhealthyThreshold { get; set; } = 3;

    [JsonPropertyName("healthyThreshold")]
    [Description("Successes in a row after which it takes them again.")]
    [Range(1, 100)]
    [DefaultValue(2)]
    public int HealthyThreshold { get; set; } = 2;

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
