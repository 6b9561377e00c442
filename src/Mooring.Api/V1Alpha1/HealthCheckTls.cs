using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>TLS of a probe.</summary>
[Description("TLS of a probe.")]
public sealed class HealthCheckTls
{
    [JsonPropertyName("insecureSkipVerify")]
    [Description("Take any certificate.")]
    [DefaultValue(false)]
    public bool InsecureSkipVerify { get; set; }

    [JsonPropertyName("serverName")]
    [Description("Name that is sent as SNI and that the certificate must carry; absent takes host, then the address.")]
    [MaxLength(253)]
    public string? ServerName { get; set; }

    [JsonPropertyName("caSecretRef")]
    [Description("Certificates of the authorities to trust, in PEM, instead of the system's.")]
    public SecretKeyReference? CaSecretRef { get; set; }

    [JsonPropertyName("expiryWarningDays")]
    [Description("A certificate that expires within this many days is reported, while the endpoint stays healthy; 0 never.")]
    [Range(0, 3650)]
    [DefaultValue(14)]
    public int ExpiryWarningDays { get; set; } = 14;

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
