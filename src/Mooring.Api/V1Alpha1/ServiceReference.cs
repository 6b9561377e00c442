using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>A Service in the namespace of the object that refers to it.</summary>
[Description("A Service in the namespace of the object that refers to it.")]
public sealed class ServiceReference
{
    [JsonPropertyName("name")]
    [Description("Name of the Service.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string Name { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
