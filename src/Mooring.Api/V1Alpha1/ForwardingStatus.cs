using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>How packets reach the endpoints.</summary>
[Description("How packets reach the endpoints.")]
public sealed class ForwardingStatus
{
    [JsonPropertyName("mode")]
    [Description("Direct or Nat.")]
    [Required]
    public string Mode { get; set; } = "";

    [JsonPropertyName("reason")]
    [Description("CamelCase reason.")]
    public string? Reason { get; set; }

    [JsonPropertyName("message")]
    [Description("The reason for a person.")]
    public string? Message { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
