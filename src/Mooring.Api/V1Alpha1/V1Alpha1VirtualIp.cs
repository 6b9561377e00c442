using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>An address that one node answers for and every node forwards to healthy endpoints.</summary>
[KubernetesEntity(
    Group = ApiGroup.Name, ApiVersion = ApiGroup.V1Alpha1, Kind = "VirtualIp", PluralName = "virtualips")]
[ShortNames("vip", Categories = ["mooring"])]
[PrinterColumn(1, "Address", "string", ".status.addresses[0]")]
[PrinterColumn(2, "Holder", "string", ".status.holder")]
[PrinterColumn(3, "Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")]
[PrinterColumn(4, "Backends", "string", ".status.readyBackends")]
[PrinterColumn(5, "Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Priority = 1)]
[PrinterColumn(6, "Forwarding", "string", ".status.forwarding.mode", Priority = 1)]
[PrinterColumn(7, "Term", "integer", ".status.term", Priority = 1)]
[PrinterColumn(8, "Addresses", "string", ".status.addresses", Priority = 1)]
[PrinterColumn(9, "Age", "date", ".metadata.creationTimestamp")]
[Description("An address that one node answers for and every node forwards to healthy endpoints.")]
public sealed class V1Alpha1VirtualIp : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = ApiGroup.GroupVersion;

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "VirtualIp";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    [Description("What is wanted.")]
    [Required]
    public VirtualIpSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    [Description("What is, written by the controller only.")]
    public VirtualIpStatus? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
