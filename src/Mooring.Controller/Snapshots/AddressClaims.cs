using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Validation;
using Mooring.Core.Allocation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Gives every address to one VirtualIp: to the one that has it already, else to the oldest, else to the first by
/// name. Those of one sharing key may have it together. A VirtualIp gets all of its addresses or none. One that is wrong in itself does not compete.
/// </summary>
internal static class AddressClaims
{
    public static SettledClaims Settle(
        IEnumerable<VirtualIpSettings> contenders, ImmutableDictionary<IPAddress, NamespacedName> incumbents)
    {
        var users = new Dictionary<IPAddress, List<AddressUser>>();
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
                foreach (var other in users.GetValueOrDefault(vip.Addresses[i], []))
                {
                    if (vip.User.SharingProblem(other) is { } problem)
                    {
                        taken.Add(new Finding(
                            Reasons.AddressConflict,
                            vip.AddressField(i),
                            vip.SharingKey is not null && vip.SharingKey == other.SharingKey
                                ? $"{vip.Addresses[i]} cannot be shared: {problem}; choose another port or another sharingKey"
                                : $"{vip.Addresses[i]} is used by VirtualIp {other.Key}; choose another address, or remove it there"));
                        break;
                    }
                }
            }

            if (taken.Count > 0)
            {
                conflicts[vip.Key] = taken.ToImmutable();
                continue;
            }

            foreach (var address in vip.Addresses)
            {
                owners.TryAdd(address, vip.Key);
                if (!users.TryGetValue(address, out var together))
                {
                    users.Add(address, together = []);
                }

                together.Add(vip.User);
            }
        }

        return new SettledClaims(conflicts, owners.ToImmutable());
    }

    private static bool Holds(
        VirtualIpSettings vip, IPAddress address, ImmutableDictionary<IPAddress, NamespacedName> incumbents) =>
        incumbents.TryGetValue(address, out var owner) && owner == vip.Key;
}
