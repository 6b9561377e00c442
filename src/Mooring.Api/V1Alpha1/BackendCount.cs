using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>How many endpoints take new connections.</summary>
[Description("How many endpoints take new connections.")]
public sealed class BackendCount
{
    [JsonPropertyName("ready")]
    [Description("Endpoints that take new connections.")]
    [Required]
    public int Ready { get; set; }

    [JsonPropertyName("total")]
    [Description("All endpoints.")]
    [Required]
    public int Total { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
