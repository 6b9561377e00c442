using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1LoadBalancerIngress
{
    [JsonPropertyName("ip")]
    public string? Ip { get; set; }

    [JsonPropertyName("hostname")]
    public string? Hostname { get; set; }

    [JsonPropertyName("ipMode")]
    public string? IpMode { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
