using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>An entry of a Secret in the same namespace.</summary>
[Description("An entry of a Secret in the same namespace.")]
public sealed class SecretKeyReference
{
    [JsonPropertyName("name")]
    [Description("Name of the Secret.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string Name { get; set; } = "";

    [JsonPropertyName("key")]
    [Description("Entry of the Secret.")]
    [RegularExpression("^[-._a-zA-Z0-9]+$")]
    [MaxLength(253)]
    [DefaultValue("ca.crt")]
    public string Key { get; set; } = "ca.crt";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
