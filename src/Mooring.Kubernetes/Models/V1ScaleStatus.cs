using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1ScaleStatus
{
    /// <summary>How many there are.</summary>
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    /// <summary>Selector of the pods in its text form, such as "app=web".</summary>
    [JsonPropertyName("selector")]
    public string? Selector { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
