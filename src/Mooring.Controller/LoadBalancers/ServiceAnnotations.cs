using k8s.Models;

namespace Mooring.Controller.LoadBalancers;

/// <summary>
/// Wishes of a Service that its spec has no field for. Of several annotations for one wish the first that is there counts:
/// ours, then those of the load balancers that people come from.
/// </summary>
internal static class ServiceAnnotations
{
    public const string Addresses = "mooring.dev/addresses";
    public const string AddressPool = "mooring.dev/address-pool";
    public const string SharingKey = "mooring.dev/sharing-key";

    private static readonly string[] AddressKeys =
        [Addresses, "metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs", "kube-vip.io/loadbalancerIPs"];

    private static readonly string[] PoolKeys = [AddressPool, "metallb.io/address-pool", "metallb.universe.tf/address-pool"];

    private static readonly string[] SharingKeys =
        [SharingKey, "metallb.io/allow-shared-ip", "metallb.universe.tf/allow-shared-ip"];

    /// <summary>Addresses asked for, with the field that asks; <c>spec.loadBalancerIP</c> when no annotation does.</summary>
    public static (string Field, string[] Addresses) AddressesOf(V1Service service)
    {
        var (field, text) = First(service, AddressKeys);
        if (text is null)
        {
            (field, text) = ("spec.loadBalancerIP", service.Spec?.LoadBalancerIP);
        }

        return (field, (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    public static string? PoolOf(V1Service service) => First(service, PoolKeys).Value;

    public static string? SharingKeyOf(V1Service service) => First(service, SharingKeys).Value;

    private static (string Field, string? Value) First(V1Service service, string[] keys)
    {
        foreach (var key in keys)
        {
            if (service.Metadata.Annotations is { } annotations && annotations.TryGetValue(key, out var value)
                && !string.IsNullOrWhiteSpace(value))
            {
                return ($"metadata.annotations[{key}]", value.Trim());
            }
        }

        return ("", null);
    }
}
