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
    [JsonPropertyName("total")]
    [Description("Addresses that the pool may give, in use or not; the largest number there is stands for any larger one.")]
    public long? Total { get; set; }

    [JsonPropertyName("assigned")]
    [Description("Addresses in use.")]
    public long? Assigned { get; set; }

    [JsonPropertyName("available")]
    [Description("Addresses that can be given: neither in use, nor a node's own, nor found to be used by another machine.")]
    public long? Available { get; set; }

    [JsonPropertyName("observedGeneration")]
    [Description("Generation of the spec that this status describes.")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("conditions")]
    [Description("Accepted, AddressesAvailable and CoversClaims, each with a reason and a message.")]
    [ListMapKey("type")]
    public IList<V1Condition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
