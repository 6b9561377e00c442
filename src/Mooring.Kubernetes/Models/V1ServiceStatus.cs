using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1ServiceStatus
{
    [JsonPropertyName("loadBalancer")]
    public V1LoadBalancerStatus? LoadBalancer { get; set; }

    [JsonPropertyName("conditions")]
    public IList<V1Condition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
