using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>A VirtualIp that has the address.</summary>
[Description("A VirtualIp that has the address.")]
public sealed class ClaimOwner
{
    [JsonPropertyName("namespace")]
    [Description("Namespace of the VirtualIp.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsLabel)]
    [MaxLength(63)]
    public string NamespaceProperty { get; set; } = "";

    [JsonPropertyName("name")]
    [Description("Name of the VirtualIp.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string Name { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
