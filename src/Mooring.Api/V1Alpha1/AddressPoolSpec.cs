using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>What an AddressPool should be.</summary>
[Description("What an AddressPool should be.")]
public sealed class AddressPoolSpec
{
    [JsonPropertyName("addresses")]
    [Description("CIDRs and ranges: 10.70.0.0/24, 10.70.1.10-10.70.1.20, fd00::/120.")]
    [Required]
    [MinLength(1)]
    [MaxLength(100)]
    [Item(Pattern = SchemaPatterns.AddressRange, MaxLength = 91)]
    public IList<string> Addresses { get; set; } = [];

    [JsonPropertyName("autoAssign")]
    [Description("Whether addresses are given to those that do not name the pool.")]
    [DefaultValue(true)]
    public bool AutoAssign { get; set; } = true;

    [JsonPropertyName("avoidBuggyIPs")]
    [Description("Leave out addresses that end in .0 and .255, which some old equipment drops.")]
    [DefaultValue(false)]
    public bool AvoidBuggyIPs { get; set; }

    [JsonPropertyName("priority")]
    [Description("Pools with a smaller number are used first; 0 is no priority and comes last.")]
    [Range(0, 1000000)]
    [DefaultValue(0)]
    public int Priority { get; set; }

    [JsonPropertyName("namespaces")]
    [Description(
        "Namespaces that may use the pool. With none of namespaces, namespaceSelector and serviceSelector, "
        + "all may.")]
    [ListSet]
    [MaxLength(100)]
    [Item(Pattern = SchemaPatterns.DnsLabel, MaxLength = 63)]
    public IList<string>? Namespaces { get; set; }

    [JsonPropertyName("namespaceSelector")]
    [Description("Labels of namespaces that may use the pool.")]
    public V1LabelSelector? NamespaceSelector { get; set; }

    [JsonPropertyName("serviceSelector")]
    [Description("Labels of Services and VirtualIps that may use the pool.")]
    public V1LabelSelector? ServiceSelector { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
