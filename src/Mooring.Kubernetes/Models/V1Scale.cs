using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>The scale subresource (autoscaling/v1), the same for every kind that has one.</summary>
[KubernetesEntity(Group = "autoscaling", ApiVersion = "v1", Kind = "Scale", PluralName = "scale")]
public sealed class V1Scale : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = "autoscaling/v1";

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "Scale";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public V1ScaleSpec? Spec { get; set; }

    [JsonPropertyName("status")]
    public V1ScaleStatus? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
