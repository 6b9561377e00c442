using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What a VirtualIp should be.</summary>
[ValidationRule(1, "has(self.addresses) != has(self.addressPool)", "set exactly one of addresses and addressPool")]
[ValidationRule(3,
    "has(self.addressPool) || !(has(self.ipFamilies) || has(self.requestedAddresses))",
    "ipFamilies and requestedAddresses need addressPool")]
[ValidationRule(2,
    "self.ports.all(p, self.ports.exists_one(q, q.port == p.port && q.protocol == p.protocol))",
    "no two ports may have the same port and protocol")]
[Description("What a VirtualIp should be.")]
public sealed class VirtualIpSpec
{
    [JsonPropertyName("addresses")]
    [Description(
        "Fixed addresses. Each must lie in a subnet that some node has on an interface. Set this or "
        + "addressPool, not both.")]
    [ListSet]
    [MinLength(1)]
    [MaxLength(16)]
    [Item(Pattern = SchemaPatterns.IPAddress, MaxLength = 45)]
    public IList<string>? Addresses { get; set; }

    [JsonPropertyName("addressPool")]
    [Description("Name of the AddressPool to take an address from. Set this or addresses, not both.")]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string? AddressPool { get; set; }

    [JsonPropertyName("ipFamilies")]
    [Description("Families to take an address of from the pool; one address each. Absent takes one address, IPv4 if there is any.")]
    [ListSet]
    [MinLength(1)]
    [MaxLength(2)]
    [Item(AllowedValues = ["IPv4", "IPv6"])]
    public IList<string>? IpFamilies { get; set; }

    [JsonPropertyName("requestedAddresses")]
    [Description("Addresses of the pool to take, in place of any free ones. They must be in it.")]
    [ListSet]
    [MinLength(1)]
    [MaxLength(16)]
    [Item(Pattern = SchemaPatterns.IPAddress, MaxLength = 45)]
    public IList<string>? RequestedAddresses { get; set; }

    [JsonPropertyName("sharingKey")]
    [Description(
        "VirtualIps with the same key may have one address together, while no two of them have the same port and "
        + "protocol.")]
    [MinLength(1)]
    [MaxLength(63)]
    public string? SharingKey { get; set; }

    [JsonPropertyName("ports")]
    [Description("Ports served at each address. No two may have the same name, nor the same port and protocol.")]
    [Required]
    [ListMapKey("name")]
    [MinLength(1)]
    [MaxLength(100)]
    public IList<VirtualIpPort> Ports { get; set; } = [];

    [JsonPropertyName("sourceRanges")]
    [Description(
        "CIDRs or addresses of the clients that are served; packets of others are dropped. Absent serves all. It holds for clients in "
        + "the cluster too, by the addresses of nodes and pods, and a list without an entry of a family serves nobody of it.")]
    [MinLength(1)]
    [MaxLength(1000)]
    [Item(MaxLength = 49)]
    public IList<string>? SourceRanges { get; set; }

    [JsonPropertyName("trafficPolicy")]
    [Description(
        "Which endpoints get connections. Cluster: all. Local: those on the holder's node, so that they see the client's "
        + "address; only nodes with a ready endpoint may hold the addresses, and forwarding is Nat.")]
    [AllowedValues("Cluster", "Local")]
    [DefaultValue("Cluster")]
    public string TrafficPolicy { get; set; } = "Cluster";

    [JsonPropertyName("healthCheckNodePort")]
    [Description(
        "TCP port at which each node tells over HTTP how many ready endpoints it has itself: 200 with some, 503 with none. "
        + "Only with trafficPolicy Local.")]
    [Range(1, 65535)]
    public int? HealthCheckNodePort { get; set; }

    [JsonPropertyName("nodeSelector")]
    [Description("Labels a node must carry to hold the addresses. Empty allows every node.")]
    [MaxLength(32)]
    [Item(MaxLength = 63)]
    public IDictionary<string, string>? NodeSelector { get; set; }

    [JsonPropertyName("preferredNodes")]
    [Description(
        "Nodes that should rather hold the addresses than others; the weights of all entries a node matches "
        + "are added.")]
    [MaxLength(32)]
    public IList<PreferredNode>? PreferredNodes { get; set; }

    [JsonPropertyName("forwarding")]
    [Description(
        "How packets reach an endpoint. Direct: the node of the endpoint answers the client itself. Nat: "
        + "everything passes the holder twice. Auto: Direct where every agent can, else Nat.")]
    [AllowedValues("Auto", "Direct", "Nat")]
    [DefaultValue("Auto")]
    public string Forwarding { get; set; } = "Auto";

    [JsonPropertyName("failback")]
    [Description(
        "Whether a better node that comes back takes the addresses from a live holder. Manual leaves them "
        + "where they are.")]
    [AllowedValues("Manual", "Automatic")]
    [DefaultValue("Manual")]
    public string Failback { get; set; } = "Manual";

    [JsonPropertyName("failover")]
    [Description("How fast a dead holder is noticed.")]
    public VirtualIpFailover? Failover { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
