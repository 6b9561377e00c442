using System.ComponentModel;
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

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
