using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>An endpoint by address.</summary>
[Description("An endpoint by address.")]
public sealed class StaticEndpoint
{
    [JsonPropertyName("address")]
    [Description("IP address of the endpoint.")]
    [Required]
    [RegularExpression(SchemaPatterns.IPAddress)]
    [MaxLength(45)]
    public string Address { get; set; } = "";

    [JsonPropertyName("port")]
    [Description("Port of the endpoint; absent takes the target port of the VirtualIp.")]
    [Range(1, 65535)]
    public int? Port { get; set; }

    [JsonPropertyName("weight")]
    [Description("Share of new connections relative to the other endpoints; 0 takes none.")]
    [Range(0, 65535)]
    [DefaultValue(1)]
    public int Weight { get; set; } = 1;

    [JsonPropertyName("backup")]
    [Description(
        "Takes new connections only while no other endpoint is healthy, or fewer than minHealthyPercent of the others.")]
    [DefaultValue(false)]
    public bool Backup { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
