using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Mooring.Api.Schema;

namespace Mooring.Api.V1Alpha1;

/// <summary>
/// An address that was taken from a pool. Made and deleted by the controller; its name is made from the address, so that
/// there cannot be two of one address.
/// </summary>
[KubernetesEntity(
    Group = ApiGroup.Name, ApiVersion = ApiGroup.V1Alpha1, Kind = "AddressClaim", PluralName = "addressclaims", Namespaced = false)]
[ShortNames("ac", Categories = ["mooring"])]
[PrinterColumn(1, "Address", "string", ".spec.address")]
[PrinterColumn(2, "Pool", "string", ".spec.pool")]
[PrinterColumn(3, "Namespace", "string", ".spec.owners[0].namespace")]
[PrinterColumn(4, "Owner", "string", ".spec.owners[0].name")]
[PrinterColumn(5, "Age", "date", ".metadata.creationTimestamp")]
[Description(
    "An address that was taken from a pool, made and deleted by the controller. Its name is made from the address, so "
    + "that there cannot be two of one address.")]
public sealed class V1Alpha1AddressClaim : IKubernetesObject<V1ObjectMeta>
{
    [JsonPropertyName("apiVersion")]
    public string? ApiVersion { get; set; } = ApiGroup.GroupVersion;

    [JsonPropertyName("kind")]
    public string? Kind { get; set; } = "AddressClaim";

    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    [JsonPropertyName("spec")]
    [Description("Who has the address.")]
    [Required]
    public AddressClaimSpec Spec { get; set; } = new();

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }

    /// <summary>
    /// The name of an address's claim: 10.70.0.5, and fd00-0-0-0-0-0-0-5 for fd00::5. No two addresses have the same.
    /// </summary>
    public static string NameOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.ToString();
        }

        var bytes = address.GetAddressBytes();
        return string.Join('-', Enumerable.Range(0, 8).Select(i =>
            ((bytes[2 * i] << 8) | bytes[(2 * i) + 1]).ToString("x", CultureInfo.InvariantCulture)));
    }
}
