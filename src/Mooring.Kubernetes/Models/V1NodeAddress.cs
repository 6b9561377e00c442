using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1NodeAddress
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "";

    [JsonPropertyName("address")]
    public string Address { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
