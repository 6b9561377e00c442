using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>A port served at the addresses of a VirtualIp.</summary>
[Description("A port served at the addresses of a VirtualIp.")]
public sealed class VirtualIpPort
{
    [JsonPropertyName("name")]
    [Description("Name of the port, unique in the VirtualIp.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsLabel)]
    [MaxLength(63)]
    public string Name { get; set; } = "";

    [JsonPropertyName("port")]
    [Description("Port that clients connect to.")]
    [Required]
    [Range(1, 65535)]
    public int Port { get; set; }

    [JsonPropertyName("protocol")]
    [Description("Transport protocol. A VirtualIp with an SCTP port is forwarded in Nat mode.")]
    [MaxLength(4)]
    [AllowedValues("TCP", "UDP", "SCTP")]
    [DefaultValue("TCP")]
    public string Protocol { get; set; } = "TCP";

    [JsonPropertyName("backendPool")]
    [Description("Name of the BackendPool in the same namespace.")]
    [Required]
    [RegularExpression(SchemaPatterns.DnsSubdomain)]
    [MaxLength(253)]
    public string BackendPool { get; set; } = "";

    [JsonPropertyName("targetPort")]
    [Description(
        "Port of the endpoints: a number, or the name of a container port (or of a port of the Service that "
        + "the pool refers to). Absent takes the value of port.")]
    public IntstrIntOrString? TargetPort { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
