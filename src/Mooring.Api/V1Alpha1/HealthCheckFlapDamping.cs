using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>How long an endpoint stays out that falls again and again.</summary>
[Description("How long an endpoint stays out that falls again and again.")]
public sealed class HealthCheckFlapDamping
{
    [JsonPropertyName("falls")]
    [Description("From so many falls on it is kept out.")]
    [Range(2, 100)]
    [DefaultValue(3)]
    public int Falls { get; set; } = 3;

    [JsonPropertyName("within")]
    [Description("Over which falls are counted, from 1s to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("10m")]
    public string Within { get; set; } = "10m";

    [JsonPropertyName("holdTime")]
    [Description("For so long it stays out, and twice as long with each further fall, from 1s to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("30s")]
    public string HoldTime { get; set; } = "30s";

    [JsonPropertyName("maxHoldTime")]
    [Description("The longest it stays out, up to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("5m")]
    public string MaxHoldTime { get; set; } = "5m";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
