using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1LoadBalancerStatus
{
    [JsonPropertyName("ingress")]
    public IList<V1LoadBalancerIngress>? Ingress { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
