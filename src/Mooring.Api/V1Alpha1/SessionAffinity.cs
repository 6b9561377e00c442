using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>Whether a client stays with its endpoint.</summary>
[Description("Whether a client stays with its endpoint.")]
public sealed class SessionAffinity
{
    [JsonPropertyName("type")]
    [Description("ClientIP sends all connections of one client address to one endpoint.")]
    [AllowedValues("None", "ClientIP")]
    [DefaultValue("None")]
    public string Type { get; set; } = "None";

    [JsonPropertyName("timeout")]
    [Description("How long a client stays after its last connection, up to 24h.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("3h")]
    public string Timeout { get; set; } = "3h";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
