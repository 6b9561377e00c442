using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1Endpoint
{
    [JsonPropertyName("addresses")]
    public IList<string> Addresses { get; set; } = [];

    [JsonPropertyName("conditions")]
    public V1EndpointConditions? Conditions { get; set; }

    [JsonPropertyName("hostname")]
    public string? Hostname { get; set; }

    [JsonPropertyName("nodeName")]
    public string? NodeName { get; set; }

    [JsonPropertyName("zone")]
    public string? Zone { get; set; }

    [JsonPropertyName("targetRef")]
    public V1ObjectReference? TargetRef { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
