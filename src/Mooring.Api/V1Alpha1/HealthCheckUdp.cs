using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a UDP check sends and expects.</summary>
[Description("What a UDP check sends and expects.")]
public sealed class HealthCheckUdp
{
    [JsonPropertyName("payload")]
    [Description("Datagram to send, as text. Set this or payloadBase64.")]
    [MaxLength(1024)]
    public string? Payload { get; set; }

    [JsonPropertyName("payloadBase64")]
    [Description("Datagram to send, in base64. Set this or payload.")]
    [RegularExpression("^[A-Za-z0-9+/]*={0,2}$")]
    [MaxLength(1368)]
    public string? PayloadBase64 { get; set; }

    [JsonPropertyName("expected")]
    [Description(
        "Regular expression that must match somewhere in the answer, whose bytes are taken as characters: \\x81 is the "
        + "byte 0x81. Absent takes any answer.")]
    [MinLength(1)]
    [MaxLength(1024)]
    public string? Expected { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
