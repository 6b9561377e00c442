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
    [Description("ClientIP sends all connections of one client address to one endpoint: by a hash of the address, so on every node and after a "
        + "failover to the same one.")]
    [AllowedValues("None", "ClientIP")]
    [DefaultValue("None")]
    public string Type { get; set; } = "None";

    [JsonPropertyName("timeout")]
    [Description("Has no effect, and is there for who knows it from Services: nothing is remembered that could run out. A client stays as long "
        + "as its endpoint takes connections and the endpoints of the pool do not change; when they do, few clients move, whether their time is "
        + "over or not.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("3h")]
    public string Timeout { get; set; } = "3h";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
