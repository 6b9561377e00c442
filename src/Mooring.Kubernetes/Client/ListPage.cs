using System.Text.Json.Serialization;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>One answer to a list.</summary>
internal sealed class ListPage<T>
{
    [JsonPropertyName("metadata")]
    public V1ListMeta? Metadata { get; set; }

    [JsonPropertyName("items")]
    public List<T?>? Items { get; set; }
}
