using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mooring.Api.V1Alpha1;

/// <summary>A header of the request of a probe.</summary>
[Description("A header of the request of a probe.")]
public sealed class HealthCheckHeader
{
    [JsonPropertyName("name")]
    [Description("Name of the header.")]
    [Required]
    [RegularExpression("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
    [MaxLength(128)]
    public string Name { get; set; } = "";

    [JsonPropertyName("value")]
    [Description("Value of the header: printable ASCII.")]
    [Required]
    [RegularExpression("^[ -~]*$")]
    [MaxLength(1024)]
    public string Value { get; set; } = "";

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
