using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>Labels of nodes that should rather hold an address, and how much that is wished for.</summary>
[Description("Labels of nodes that should rather hold an address, and how much that is wished for.")]
public sealed class PreferredNode
{
    [JsonPropertyName("weight")]
    [Description("Added to the rank of matching nodes.")]
    [Required]
    [Range(1, 100)]
    public int Weight { get; set; }

    [JsonPropertyName("matchLabels")]
    [Description("Labels the node must carry, all of them.")]
    [Required]
    [MinLength(1)]
    [MaxLength(32)]
    [Item(MaxLength = 63)]
    public IDictionary<string, string> MatchLabels { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
