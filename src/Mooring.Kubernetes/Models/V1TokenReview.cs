using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>Asks the server whose token this is. It is answered, not stored.</summary>
[KubernetesEntity(
    Group = "authentication.k8s.io", ApiVersion = "v1", Kind = "TokenReview", PluralName = "tokenreviews", Namespaced = false)]
public sealed class V1TokenReview : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = "authentication.k8s.io/v1";

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "TokenReview";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    public V1TokenReviewSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    public V1TokenReviewStatus? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
