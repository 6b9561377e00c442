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
    [Description(
        "TCP opens a connection; HTTP sends a GET request and looks at status and body; GRPC asks the gRPC health "
        + "protocol; UDP sends a payload and waits for an answer; Exec runs a program.")]
    [Required]
    [AllowedValues("TCP", "HTTP", "GRPC", "UDP", "Exec")]
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

    [JsonPropertyName("headers")]
    [Description("Headers of the request, beside Host and User-Agent.")]
    [MinLength(1)]
    [MaxLength(32)]
    [ListMapKey("name")]
    public IList<HealthCheckHeader>? Headers { get; set; }

    [JsonPropertyName("httpVersion")]
    [Description("Version of HTTP to speak. 2 without tls is HTTP/2 from the first byte.")]
    [AllowedValues("1.1", "2")]
    [DefaultValue("1.1")]
    public string HttpVersion { get; set; } = "1.1";

    [JsonPropertyName("expectedBody")]
    [Description(
        "Regular expression that must match somewhere in the first 64 KiB of the body; no lookaround and no "
        + "backreferences. Absent reads no body.")]
    [MinLength(1)]
    [MaxLength(1024)]
    public string? ExpectedBody { get; set; }

    [JsonPropertyName("tls")]
    [Description(
        "Probe over TLS (types TCP, HTTP and GRPC). An empty object checks the certificate against the system's "
        + "authorities.")]
    public HealthCheckTls? Tls { get; set; }

    [JsonPropertyName("grpc")]
    [Description("What a GRPC check asks for.")]
    public HealthCheckGrpc? Grpc { get; set; }

    [JsonPropertyName("udp")]
    [Description("What a UDP check sends and expects. Required by type UDP.")]
    public HealthCheckUdp? Udp { get; set; }

    [JsonPropertyName("exec")]
    [Description("What an Exec check runs. Required by type Exec.")]
    public HealthCheckExec? Exec { get; set; }

    [JsonPropertyName("interval")]
    [Description("Time between probes, from 100ms to 1h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("5s")]
    public string Interval { get; set; } = "5s";

    [JsonPropertyName("failingInterval")]
    [Description(
        "Time between probes of an endpoint whose last one failed, from 100ms up to interval; absent takes interval.")]
    [RegularExpression(SchemaPatterns.Duration)]
    public string? FailingInterval { get; set; }

    [JsonPropertyName("jitterPercent")]
    [Description("Each interval is longer or shorter at random by up to this share of it.")]
    [Range(0, 50)]
    [DefaultValue(0)]
    public int JitterPercent { get; set; }

    [JsonPropertyName("initialDelay")]
    [Description("How long failures of an endpoint that is new to the pool do not count, up to 1h. Absent counts all.")]
    [RegularExpression(SchemaPatterns.Duration)]
    public string? InitialDelay { get; set; }

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

    [JsonPropertyName("passive")]
    [Description(
        "Watch the TCP connections of clients too: an endpoint that refuses or does not answer several is checked at once, and "
        + "when that fails it stays out for a while. An empty object takes the defaults.")]
    public HealthCheckPassive? Passive { get; set; }

    [JsonPropertyName("flapDamping")]
    [Description("Keep an endpoint out for longer that falls again and again. An empty object takes the defaults.")]
    public HealthCheckFlapDamping? FlapDamping { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
