using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>How fast a dead holder is noticed: after heartbeatInterval times detectMultiplier.</summary>
[Description("How fast a dead holder is noticed: after heartbeatInterval times detectMultiplier.")]
public sealed class VirtualIpFailover
{
    [JsonPropertyName("heartbeatInterval")]
    [Description("Time between heartbeats of the holder, from 10ms to 10s.")]
    [RegularExpression(SchemaPatterns.Duration)]
    [DefaultValue("100ms")]
    public string HeartbeatInterval { get; set; } = "100ms";

    [JsonPropertyName("detectMultiplier")]
    [Description("Heartbeats missed in a row before the first standby takes over.")]
    [Range(2, 50)]
    [DefaultValue(3)]
    public int DetectMultiplier { get; set; } = 3;

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
