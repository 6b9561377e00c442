using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

[KubernetesEntity(Group = "discovery.k8s.io", ApiVersion = "v1", Kind = "EndpointSlice", PluralName = "endpointslices")]
public sealed class V1EndpointSlice : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = "discovery.k8s.io/v1";

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "EndpointSlice";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("addressType")]
    public string AddressType { get; set; } = "";

    [JsonPropertyName("endpoints")]
    public IList<V1Endpoint>? Endpoints { get; set; }

    [JsonPropertyName("ports")]
    public IList<Discoveryv1EndpointPort>? Ports { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
