using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>Endpoints that share the connections of a VirtualIp.</summary>
[KubernetesEntity(
    Group = ApiGroup.Name, ApiVersion = ApiGroup.V1Alpha1, Kind = "BackendPool", PluralName = "backendpools")]
[ShortNames("bp", Categories = ["mooring"])]
[PrinterColumn(1, "Ready", "integer", ".status.ready")]
[PrinterColumn(2, "Total", "integer", ".status.total")]
[PrinterColumn(3, "Algorithm", "string", ".spec.algorithm")]
[PrinterColumn(4, "Check", "string", ".spec.healthCheck.type", Priority = 1)]
[PrinterColumn(5, "Age", "date", ".metadata.creationTimestamp")]
[Description("Endpoints that share the connections of a VirtualIp.")]
public sealed class V1Alpha1BackendPool : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = ApiGroup.GroupVersion;

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "BackendPool";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    [Description("What is wanted.")]
    [Required]
    public BackendPoolSpec Spec { get; set; } = new();

    [JsonPropertyName("status")]
    [Description("What is, written by the controller only.")]
    public BackendPoolStatus? Status { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
