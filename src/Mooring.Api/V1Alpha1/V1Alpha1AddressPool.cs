using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>Addresses that VirtualIps and Services may be given.</summary>
[KubernetesEntity(
    Group = ApiGroup.Name, ApiVersion = ApiGroup.V1Alpha1, Kind = "AddressPool", PluralName = "addresspools", Namespaced = false)]
[ShortNames("ap", Categories = ["mooring"])]
[PrinterColumn(1, "Addresses", "string", ".spec.addresses[0]")]
[PrinterColumn(2, "Auto-Assign", "boolean", ".spec.autoAssign")]
[PrinterColumn(3, "Assigned", "integer", ".status.assigned")]
[PrinterColumn(4, "Available", "integer", ".status.available")]
[PrinterColumn(5, "Priority", "integer", ".spec.priority", Priority = 1)]
[PrinterColumn(6, "Age", "date", ".metadata.creationTimestamp")]
[Description("Addresses that VirtualIps and Services may be given.")]
public sealed class V1Alpha1AddressPool : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = ApiGroup.GroupVersion;

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "AddressPool";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    [Description("What is wanted.")]
    [Required]
    public AddressPoolSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    [Description("What is, written by the controller only.")]
    public AddressPoolStatus? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
