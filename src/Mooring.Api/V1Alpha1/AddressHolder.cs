using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>Who holds an address.</summary>
[Description("Who holds an address.")]
public sealed class AddressHolder
{
    [JsonPropertyName("address")]
    [Description("The address.")]
    [Required]
    public string Address { get; set; } = "";

    [JsonPropertyName("node")]
    [Description("Node that answers for it; absent while none does.")]
    public string? Node { get; set; }

    [JsonPropertyName("since")]
    [Description("When the node took it.")]
    public DateTime? Since { get; set; }

    [JsonPropertyName("term")]
    [Description("Number of the claim.")]
    public long? Term { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
