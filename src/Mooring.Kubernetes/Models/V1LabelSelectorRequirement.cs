using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1LabelSelectorRequirement
{
    [JsonPropertyName("key")]
    public string Key { get; set; } = "";

    [JsonPropertyName("operator")]
    public string OperatorProperty { get; set; } = "";

    [JsonPropertyName("values")]
    public IList<string>? Values { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
