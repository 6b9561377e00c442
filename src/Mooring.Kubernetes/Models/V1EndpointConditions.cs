using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>Absent means unknown: consumers take an absent ready as true.</summary>
public sealed class V1EndpointConditions
{
    [JsonPropertyName("ready")]
    public bool? Ready { get; set; }

    [JsonPropertyName("serving")]
    public bool? Serving { get; set; }

    [JsonPropertyName("terminating")]
    public bool? Terminating { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
