using System.Text.Json.Serialization;

namespace k8s.Authentication;

internal sealed class ExecCredentialStatus
{
    [JsonPropertyName("token")]
    public string? Token { get; set; }

    /// <summary>Null: good until the server answers 401.</summary>
    [JsonPropertyName("expirationTimestamp")]
    public DateTime? ExpirationTimestamp { get; set; }

    [JsonPropertyName("clientCertificateData")]
    public string? ClientCertificateData { get; set; }

    [JsonPropertyName("clientKeyData")]
    public string? ClientKeyData { get; set; }
}
