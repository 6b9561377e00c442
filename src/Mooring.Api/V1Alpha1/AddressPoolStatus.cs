using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What an AddressPool is.</summary>
[Description("What an AddressPool is.")]
public sealed class AddressPoolStatus
{
    [JsonPropertyName("assigned")]
    [Description("Addresses in use.")]
    public long? Assigned { get; set; }

    [JsonPropertyName("available")]
    [Description("Addresses that are free.")]
    public long? Available { get; set; }

    [JsonPropertyName("observedGeneration")]
    [Description("Generation of the spec that this status describes.")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("conditions")]
    [Description("Accepted, with a reason and a message.")]
    [ListMapKey("type")]
    public IList<V1Condition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
