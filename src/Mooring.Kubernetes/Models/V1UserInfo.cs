using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1UserInfo
{
    [JsonPropertyName("username")]
    public string? Username { get; set; }

    [JsonPropertyName("uid")]
    public string? Uid { get; set; }

    [JsonPropertyName("groups")]
    public IList<string>? Groups { get; set; }

    /// <summary>Such as <c>authentication.kubernetes.io/pod-name</c> of a token that is bound to a pod.</summary>
    [JsonPropertyName("extra")]
    public IDictionary<string, IList<string>>? Extra { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
