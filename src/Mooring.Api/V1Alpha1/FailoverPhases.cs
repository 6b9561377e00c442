using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace Mooring.Api.V1Alpha1;

/// <summary>The steps of a change of holder.</summary>
[Description("The steps of a change of holder.")]
public sealed class FailoverPhases
{
    [JsonPropertyName("lastHeartbeat")]
    [Description("Last heartbeat heard in which the holder before claimed the address; absent when there was none.")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? LastHeartbeat { get; set; }

    [JsonPropertyName("detected")]
    [Description("The holder before was known to be gone, or to hand over.")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? Detected { get; set; }

    [JsonPropertyName("claimed")]
    [Description("The address was claimed; later than detected where another standby was to go first.")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? Claimed { get; set; }

    [JsonPropertyName("announced")]
    [Description("The first announcement was sent.")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? Announced { get; set; }

    [JsonPropertyName("firstPacket")]
    [Description("The kernel had forwarded the first packet of a new flow; absent when none came within a second.")]
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTime? FirstPacket { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
