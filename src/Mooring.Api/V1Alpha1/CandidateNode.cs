using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>A node and whether it may hold the address.</summary>
[Description("A node and whether it may hold the address.")]
public sealed class CandidateNode
{
    [JsonPropertyName("node")]
    [Description("Name of the node.")]
    [Required]
    public string Node { get; set; } = "";

    [JsonPropertyName("role")]
    [Description("Holder, Standby, Spare, or None for a node that may not hold the address.")]
    [Required]
    [AllowedValues("Holder", "Standby", "Spare", "None")]
    public string Role { get; set; } = "None";

    [JsonPropertyName("eligible")]
    [Description("Whether the node may hold the address.")]
    [Required]
    public bool Eligible { get; set; }

    [JsonPropertyName("reason")]
    [Description("CamelCase reason.")]
    public string? Reason { get; set; }

    [JsonPropertyName("message")]
    [Description("The reason for a person.")]
    public string? Message { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
