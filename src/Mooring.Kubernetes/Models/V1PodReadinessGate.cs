using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1PodReadinessGate
{
    [JsonPropertyName("conditionType")]
    public string ConditionType { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
