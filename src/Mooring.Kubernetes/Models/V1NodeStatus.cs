using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1NodeStatus
{
    [JsonPropertyName("addresses")]
    public IList<V1NodeAddress>? Addresses { get; set; }

    [JsonPropertyName("conditions")]
    public IList<V1NodeCondition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
