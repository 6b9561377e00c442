using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Allocation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Allocation;

/// <summary>
/// Which VirtualIp has which address of a pool, by the claims, and what is still to be claimed or released. Pure. An
/// address counts only once its claim is stored: that there is one claim of a name is what keeps two controllers from
/// giving it twice.
/// </summary>
internal sealed class AddressAllocation
{
    private readonly ClusterWorld _world;
    private readonly ImmutableArray<AddressPoolSettings> _pools;
    private readonly Dictionary<NamespacedName, VirtualIpSettings> _vips;
    private readonly Dictionary<IPAddress, V1Alpha1AddressClaim> _claims = [];
    private readonly ILookup<NamespacedName, IPAddress> _claimed;
    private readonly ILookup<NamespacedName, IPAddress> _pending;
    private readonly Dictionary<NamespacedName, ImmutableArray<IPAddress>> _matched = [];
    private readonly ImmutableArray<ClaimChange>.Builder _changes = ImmutableArray.CreateBuilder<ClaimChange>();
    private readonly Dictionary<string, IDictionary<string, string>?> _namespaces;
    private readonly ImmutableArray<IPAddress>.Builder _probes = ImmutableArray.CreateBuilder<IPAddress>();
    private AddressLedger? _ledger;

    private AddressAllocation(VirtualIpSettings[] vips, ImmutableArray<AddressPoolSettings> pools, ClusterWorld world)
    {
        _world = world;
        _pools = pools;
        _vips = vips.ToDictionary(vip => vip.Key);
        foreach (var claim in world.AddressClaims)
        {
            if (IPAddress.TryParse(claim.Spec.Address, out var address))
            {
                _claims[address] = claim;
            }
        }

        _claimed = _claims
            .SelectMany(claim => OwnersOf(claim.Value).Select(owner => (owner, claim.Key)))
            .ToLookup(entry => entry.owner, entry => entry.Key);
        _pending = world.PendingClaims.ToLookup(claim => claim.Value, claim => claim.Key);
        _namespaces = world.Namespaces.ToDictionary(
            @namespace => @namespace.Metadata.Name ?? "", @namespace => @namespace.Metadata.Labels, StringComparer.Ordinal);
    }

    public static AllocationOutcome Resolve(VirtualIpSettings[] vips, ClusterWorld world)
    {
        var allocation = new AddressAllocation(vips, AddressPoolReader.Read(world.AddressPools), world);

        // Those that were there first choose first.
        var resolved = vips
            .OrderBy(vip => vip.Resource.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(vip => vip.Key.Namespace, StringComparer.Ordinal)
            .ThenBy(vip => vip.Key.Name, StringComparer.Ordinal)
            .Select(vip => vip.AddressPool is null ? vip : allocation.Resolve(vip))
            .ToDictionary(vip => vip.Key);
        allocation.Release();
        return new AllocationOutcome(
            [.. vips.Select(vip => resolved[vip.Key])], allocation._changes.ToImmutable(), allocation.Evaluate())
        {
            Probes = allocation._probes.ToImmutable(),
            Taken = [.. world.Probes.Keys.Where(allocation._claims.ContainsKey)],
        };
    }

    private static IEnumerable<NamespacedName> OwnersOf(V1Alpha1AddressClaim claim) =>
        claim.Spec.Owners.Select(owner => new NamespacedName(owner.NamespaceProperty, owner.Name));

    private VirtualIpSettings Resolve(VirtualIpSettings vip)
    {
        var have = _claimed[vip.Key].Where(address => _claims[address].Spec.Pool == vip.AddressPool)
            .OrderBy(AddressNumber.Of).ToArray();
        var (matched, missing) = Match(vip, have);
        if (missing is null)
        {
            _matched[vip.Key] = matched;
            return vip with { Addresses = matched };
        }

        if (!vip.Findings.IsEmpty)
        {
            return vip with { Addresses = matched };
        }

        var pending = _pending[vip.Key].ToArray();
        var finding = pending.Length > 0 ? Pending(vip, pending) : Request(vip, missing);
        return vip with { Addresses = matched, Findings = [finding] };
    }

    /// <summary>What of the addresses it has is what it wants, and what is missing.</summary>
    private static (ImmutableArray<IPAddress> Matched, AllocationRequest? Missing) Match(
        VirtualIpSettings vip, IPAddress[] have)
    {
        var request = new AllocationRequest { User = vip.User, Pool = vip.AddressPool! };
        if (!vip.Requested.IsEmpty)
        {
            var lacking = vip.Requested.Except(have).ToImmutableArray();
            return (vip.Requested.RemoveRange(lacking), lacking.IsEmpty ? null : request with { Wanted = lacking });
        }

        if (!vip.Families.IsEmpty)
        {
            var byFamily = have.DistinctBy(address => address.AddressFamily).ToDictionary(address => address.AddressFamily);
            var lacking = vip.Families.Where(family => !byFamily.ContainsKey(family)).ToImmutableArray();
            return (
                [.. vip.Families.Where(byFamily.ContainsKey).Select(family => byFamily[family])],
                lacking.IsEmpty ? null : request with { Families = lacking });
        }

        return have.Length > 0 ? ([have[0]], null) : ([], request);
    }

    private Finding Request(VirtualIpSettings vip, AllocationRequest request)
    {
        var pool = _pools.FirstOrDefault(pool => pool.Name == vip.AddressPool);
        if (pool is { Findings.IsEmpty: false })
        {
            return new Finding(
                Reasons.InvalidAddressPool, "spec.addressPool", $"AddressPool '{pool.Name}' is not valid: {pool.Findings[0]}");
        }

        if (pool?.Denies(
            vip.Key.Namespace, _namespaces.GetValueOrDefault(vip.Key.Namespace), vip.Resource.Metadata.Labels) is { } denial)
        {
            return new Finding(Reasons.AddressPoolNotAllowed, "spec.addressPool", denial);
        }

        _ledger ??= OpenLedger();
        var result = _ledger.Allocate(request);
        if (result is AllocationResult.Refused refused)
        {
            var field = refused.Reason is AllocationRefusal.AddressNotInPool or AllocationRefusal.AddressTaken
                ? "spec.requestedAddresses" : "spec.addressPool";
            return new Finding(ReasonOf(refused.Reason), field, refused.Message);
        }

        var granted = ((AllocationResult.Granted)result).Addresses;
        var unknown = granted.Where(NeedsProbe).ToArray();
        if (unknown.Length > 0)
        {
            _probes.AddRange(unknown);
            return Pending(vip, granted);
        }

        foreach (var address in granted)
        {
            _changes.Add(new ClaimChange.Take(address, vip.AddressPool!, vip.Resource, _claims.GetValueOrDefault(address)));
        }

        return Pending(vip, granted);
    }

    /// <summary>
    /// Nobody has looked yet whether another machine uses it, and somebody can. One that is shared is in use by those it is
    /// shared with.
    /// </summary>
    private bool NeedsProbe(IPAddress address) => !_claims.ContainsKey(address)
        && _world.Probes.GetValueOrDefault(address) is not { State: ProbeState.Free }
        && _world.ProbingNodes.Any(node => _world.Agents.GetValueOrDefault(node)?.Interfaces
            .Any(nic => nic.Up && nic.OnLink(address) is not null) == true);

    private static Finding Pending(VirtualIpSettings vip, IEnumerable<IPAddress> addresses) => new(
        Reasons.AllocationPending,
        "spec.addressPool",
        $"{string.Join(", ", addresses)} of AddressPool '{vip.AddressPool}' is being taken");

    private static string ReasonOf(AllocationRefusal refusal) => refusal switch
    {
        AllocationRefusal.UnknownPool => Reasons.UnknownAddressPool,
        AllocationRefusal.NoAddressOfFamily => Reasons.NoAddressOfFamily,
        AllocationRefusal.AddressNotInPool => Reasons.AddressNotInPool,
        AllocationRefusal.AddressTaken => Reasons.AddressTaken,
        _ => Reasons.AddressPoolExhausted,
    };

    private AddressLedger OpenLedger()
    {
        var used = _claims
            .SelectMany(claim => OwnersOf(claim.Value).Select(owner => (claim.Key, UserOf(owner))))
            .Concat(_world.PendingClaims.Select(claim => (claim.Key, UserOf(claim.Value))));
        return new AddressLedger(
            _pools.Where(pool => pool.Findings.IsEmpty).Select(pool => pool.Pool), used, ReservedAddresses.Of(_vips.Values, _world));
    }

    private AddressUser UserOf(NamespacedName key) =>
        _vips.TryGetValue(key, out var vip) ? vip.User : new AddressUser { Key = key };

    /// <summary>A claim is kept while its owner may still want it, and released once it is known that it does not.</summary>
    private void Release()
    {
        var objects = _world.VirtualIps.ToDictionary(
            vip => new NamespacedName(vip.Metadata.NamespaceProperty ?? "", vip.Metadata.Name ?? ""));
        foreach (var (address, claim) in _claims)
        {
            var leaving = ImmutableDictionary.CreateBuilder<NamespacedName, long?>();
            foreach (var owner in OwnersOf(claim))
            {
                if (!objects.TryGetValue(owner, out var vip))
                {
                    leaving[owner] = null;
                }
                else if (vip.Spec.AddressPool is null || (_matched.TryGetValue(owner, out var matched) && !matched.Contains(address)))
                {
                    leaving[owner] = vip.Metadata.Generation ?? 0;
                }
            }

            if (leaving.Count > 0 && !_world.PendingClaims.ContainsKey(address))
            {
                _changes.Add(new ClaimChange.Release(address, claim, leaving.ToImmutable()));
            }
        }
    }

    private ImmutableArray<AddressPoolEvaluation> Evaluate()
    {
        var reserved = _pools.IsEmpty ? [] : ReservedAddresses.Of(_vips.Values, _world);
        var byPool = _claims.ToLookup(claim => claim.Value.Spec.Pool, claim => claim.Key, StringComparer.Ordinal);
        var unavailable = reserved.Keys.Union(_claims.Keys).ToArray();
        return
        [
            .. _pools.OrderBy(pool => pool.Name, StringComparer.Ordinal).Select(pool => new AddressPoolEvaluation(pool)
            {
                Assigned = byPool[pool.Name].Count(),
                Available = pool.Findings.IsEmpty ? pool.Pool.Usable - (UInt128)unavailable.Count(pool.Pool.Offers) : 0,
                Outside = pool.Findings.IsEmpty
                    ? [.. byPool[pool.Name].Where(address => !pool.Pool.Addresses.Contains(address)).OrderBy(AddressNumber.Of)]
                    : [],
                Occupied = [.. _world.Occupied.Select(entry => entry.Key).Where(pool.Pool.Addresses.Contains).OrderBy(AddressNumber.Of)],
            }),
        ];
    }
}
