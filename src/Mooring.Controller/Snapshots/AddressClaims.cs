using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Gives every address to one VirtualIp: to the one that has it already, else to the oldest, else to the first by
/// name. A VirtualIp gets all of its addresses or none. One that is wrong in itself does not compete.
/// </summary>
internal static class AddressClaims
{
    /// <returns>The findings of those that got nothing, and who owns what.</returns>
    public static (Dictionary<NamespacedName, ImmutableArray<Finding>> Conflicts,
        ImmutableDictionary<IPAddress, NamespacedName> Owners) Settle(
            IEnumerable<VirtualIpSettings> contenders, ImmutableDictionary<IPAddress, NamespacedName> incumbents)
    {
        var owners = ImmutableDictionary.CreateBuilder<IPAddress, NamespacedName>();
        var conflicts = new Dictionary<NamespacedName, ImmutableArray<Finding>>();
        var inOrder = contenders
            .OrderBy(vip => vip.Addresses.All(address => Holds(vip, address, incumbents)) ? 0 : 1)
            .ThenBy(vip => vip.Resource.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(vip => vip.Key.Namespace, StringComparer.Ordinal)
            .ThenBy(vip => vip.Key.Name, StringComparer.Ordinal);
        foreach (var vip in inOrder)
        {
            var taken = ImmutableArray.CreateBuilder<Finding>();
            for (var i = 0; i < vip.Addresses.Length; i++)
            {
                if (owners.TryGetValue(vip.Addresses[i], out var owner))
                {
                    taken.Add(new Finding(
                        Reasons.AddressConflict,
                        $"spec.addresses[{i}]",
                        $"{vip.Addresses[i]} is used by VirtualIp {owner}; choose another address, or remove it there"));
                }
            }

            if (taken.Count > 0)
            {
                conflicts[vip.Key] = taken.ToImmutable();
                continue;
            }

            foreach (var address in vip.Addresses)
            {
                owners[address] = vip.Key;
            }
        }

        return (conflicts, owners.ToImmutable());
    }

    private static bool Holds(
        VirtualIpSettings vip, IPAddress address, ImmutableDictionary<IPAddress, NamespacedName> incumbents) =>
        incumbents.TryGetValue(address, out var owner) && owner == vip.Key;
}
