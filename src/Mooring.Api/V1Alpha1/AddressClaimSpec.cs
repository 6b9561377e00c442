using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>Who has an address.</summary>
[ValidationRule(1, "self.address == oldSelf.address", "address is immutable")]
[Description("Who has an address.")]
public sealed class AddressClaimSpec
{
    [JsonPropertyName("address")]
    [Description("The address.")]
    [Required]
    [RegularExpression(SchemaPatterns.IPAddress)]
    [MaxLength(45)]
    public string Address { get; set; } = "";

    [JsonPropertyName("pool")]
    [Description("AddressPool that it was taken from.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string Pool { get; set; } = "";

    [JsonPropertyName("owners")]
    [Description("VirtualIps that have it: one, or several with the same sharing key.")]
    [Required]
    [MinLength(1)]
    [MaxLength(100)]
    public IList<ClaimOwner> Owners { get; set; } = [];

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
