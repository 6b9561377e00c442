using System.Text.Json.Serialization;

namespace k8s.Authentication;

/// <summary>What a credential plugin prints (client.authentication.k8s.io).</summary>
internal sealed class ExecCredential
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; }

    [JsonPropertyName("kind")]
    public string? Kind { get; set; }

    [JsonPropertyName("status")]
    public ExecCredentialStatus? Status { get; set; }
}
