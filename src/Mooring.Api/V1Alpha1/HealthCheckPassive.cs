using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>When connections of clients make an endpoint suspect.</summary>
[Description("When connections of clients make an endpoint suspect.")]
public sealed class HealthCheckPassive
{
    [JsonPropertyName("failures")]
    [Description("So many handshakes, refused or unanswered for a second, have the endpoint checked at once.")]
    [Range(1, 1000)]
    [DefaultValue(5)]
    public int Failures { get; set; } = 5;

    [JsonPropertyName("window")]
    [Description("Over which they are counted, from 1s to 1h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("10s")]
    public string Window { get; set; } = "10s";

    [JsonPropertyName("ejectionTime")]
    [Description("For so long it stays out when the check fails, and twice as long each time, from 1s to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("30s")]
    public string EjectionTime { get; set; } = "30s";

    [JsonPropertyName("maxEjectionTime")]
    [Description("The longest it stays out, up to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("5m")]
    public string MaxEjectionTime { get; set; } = "5m";

    [JsonPropertyName("maxEjectedPercent")]
    [Description("Share of the endpoints that may be kept out, by this or by flapDamping; beyond it checks alone count.")]
    [Range(0, 100)]
    [DefaultValue(50)]
    public int MaxEjectedPercent { get; set; } = 50;

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
