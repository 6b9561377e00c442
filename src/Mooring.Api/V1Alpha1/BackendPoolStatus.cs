using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a BackendPool is.</summary>
[Description("What a BackendPool is.")]
public sealed class BackendPoolStatus
{
    [JsonPropertyName("ready")]
    [Description("Endpoints that take new connections.")]
    public int? Ready { get; set; }

    [JsonPropertyName("total")]
    [Description("All endpoints.")]
    public int? Total { get; set; }

    [JsonPropertyName("endpoints")]
    [Description("State of each endpoint, those that take no connections first; at most 100.")]
    [MaxLength(100)]
    public IList<EndpointStatus>? Endpoints { get; set; }

    [JsonPropertyName("omittedEndpoints")]
    [Description("Endpoints that the list leaves out.")]
    public int? OmittedEndpoints { get; set; }

    [JsonPropertyName("observedGeneration")]
    [Description("Generation of the spec that this status describes.")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("conditions")]
    [Description("Ready, Accepted and, with minHealthyPercent, EnoughHealthy, each with a reason and a message.")]
    [ListMapKey("type")]
    public IList<V1Condition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
