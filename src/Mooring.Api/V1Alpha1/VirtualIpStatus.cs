using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a VirtualIp is.</summary>
[Description("What a VirtualIp is.")]
public sealed class VirtualIpStatus
{
    /// <summary>Longest list of candidates: with a thousand nodes, all of them in each of 10,000 would fill the API server.</summary>
    public const int MaxCandidates = 20;

    [JsonPropertyName("addresses")]
    [Description("Addresses that are served. Empty while the VirtualIp is not accepted.")]
    public IList<string>? Addresses { get; set; }

    [JsonPropertyName("holder")]
    [Description("Node that answers for the first address.")]
    public string? Holder { get; set; }

    [JsonPropertyName("holderSince")]
    [Description("When that node took the address.")]
    public DateTime? HolderSince { get; set; }

    [JsonPropertyName("term")]
    [Description("Number of the claim of the first address; it grows with every change of holder.")]
    public long? Term { get; set; }

    [JsonPropertyName("holders")]
    [Description("Who holds each address.")]
    [ListMapKey("address")]
    public IList<AddressHolder>? Holders { get; set; }

    [JsonPropertyName("candidates")]
    [Description("Nodes by rank for the first address, each with the reason it may or may not hold it; the first 20.")]
    [ListMapKey("node")]
    [MaxLength(MaxCandidates)]
    public IList<CandidateNode>? Candidates { get; set; }

    [JsonPropertyName("lastFailover")]
    [Description("The latest change of holder.")]
    public LastFailover? LastFailover { get; set; }

    [JsonPropertyName("readyBackends")]
    [Description("Endpoints that take new connections, of all: 2/3.")]
    public string? ReadyBackends { get; set; }

    [JsonPropertyName("backends")]
    [Description("The same as numbers.")]
    public BackendCount? Backends { get; set; }

    [JsonPropertyName("forwarding")]
    [Description("How packets reach the endpoints, and why.")]
    public ForwardingStatus? Forwarding { get; set; }

    [JsonPropertyName("observedGeneration")]
    [Description("Generation of the spec that this status describes.")]
    public long? ObservedGeneration { get; set; }

    [JsonPropertyName("conditions")]
    [Description("Ready, Accepted, BackendsReady, Held, Uncontested and Programmed, each with a reason and a message.")]
    [ListMapKey("type")]
    public IList<V1Condition>? Conditions { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
