using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>A change of holder.</summary>
[Description("A change of holder.")]
public sealed class LastFailover
{
    [JsonPropertyName("address")]
    [Description("Address that moved.")]
    public string? Address { get; set; }

    [JsonPropertyName("from")]
    [Description("Node that held the address before; absent if there was none.")]
    public string? From { get; set; }

    [JsonPropertyName("to")]
    [Description("Node that holds it now.")]
    public string? To { get; set; }

    [JsonPropertyName("reason")]
    [Description("CamelCase: HeartbeatTimeout, InitialClaim, Released, LinkDown, HigherTerm, Planned.")]
    public string? Reason { get; set; }

    [JsonPropertyName("detectMillis")]
    [Description("Milliseconds from the last heartbeat heard to the decision to take over.")]
    public long? DetectMillis { get; set; }

    [JsonPropertyName("takeoverMillis")]
    [Description("Milliseconds from the decision to the first announcement.")]
    public long? TakeoverMillis { get; set; }

    [JsonPropertyName("firstPacketMillis")]
    [Description(
        "Milliseconds from the first announcement to the first packet forwarded, found to within 10 ms; absent when none "
        + "was within a second.")]
    public long? FirstPacketMillis { get; set; }

    [JsonPropertyName("phases")]
    [Description("When each step happened, by the clock of the node that holds the address now.")]
    public FailoverPhases? Phases { get; set; }

    [JsonPropertyName("at")]
    [Description("When the new holder took the address.")]
    public DateTime? At { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
