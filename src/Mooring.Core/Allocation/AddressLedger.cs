using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>
/// Who has which address, and what is free. Gives the lowest free address of a pool; what was given once is never
/// changed here, so nobody loses an address because a pool was edited.
/// </summary>
public sealed class AddressLedger
{
    private readonly Dictionary<string, AllocationPool> _pools;
    private readonly Dictionary<string, FreeAddresses> _free = new(StringComparer.Ordinal);
    private readonly Dictionary<IPAddress, List<AddressUser>> _users = [];
    private readonly Dictionary<IPAddress, string> _blocked;

    /// <param name="pools">Every pool.</param>
    /// <param name="used">Every address that someone has; several have one by sharing it.</param>
    /// <param name="blocked">Addresses that nobody can be given, and why.</param>
    public AddressLedger(
        IEnumerable<AllocationPool> pools,
        IEnumerable<(IPAddress Address, AddressUser User)> used,
        IReadOnlyDictionary<IPAddress, string> blocked)
    {
        _pools = pools.ToDictionary(pool => pool.Name, StringComparer.Ordinal);
        _blocked = new Dictionary<IPAddress, string>(blocked);
        foreach (var (address, user) in used)
        {
            UsersOf(address).Add(user);
        }
    }

    public AllocationResult Allocate(AllocationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!_pools.TryGetValue(request.Pool, out var pool))
        {
            return new AllocationResult.Refused(
                AllocationRefusal.UnknownPool,
                $"no AddressPool '{request.Pool}'; create it"
                + (_pools.Count == 0 ? "" : $", or name one of: {string.Join(", ", _pools.Keys.Order(StringComparer.Ordinal).Take(5))}"));
        }

        var found = request.Wanted.IsEmpty ? Choose(request, pool) : Check(request, pool);
        foreach (var address in (found as AllocationResult.Granted)?.Addresses ?? [])
        {
            FreeOf(pool).Take(address);
            UsersOf(address).Add(request.User);
        }

        return found;
    }

    private AllocationResult Check(AllocationRequest request, AllocationPool pool)
    {
        foreach (var address in request.Wanted)
        {
            if (!pool.Addresses.Contains(address))
            {
                return new AllocationResult.Refused(
                    AllocationRefusal.AddressNotInPool,
                    $"{address} is not in AddressPool '{pool.Name}', which has "
                    + $"{string.Join(", ", pool.Addresses.Ranges.Take(5))}; choose one of these");
            }

            var problem = _users.GetValueOrDefault(address, [])
                .Select(user => request.User.SharingProblem(user)).FirstOrDefault(text => text is not null)
                ?? _blocked.GetValueOrDefault(address);
            if (problem is not null)
            {
                return new AllocationResult.Refused(
                    AllocationRefusal.AddressTaken, $"{address} cannot be given: {problem}; choose another");
            }
        }

        return new AllocationResult.Granted(request.Wanted);
    }

    private AllocationResult Choose(AllocationRequest request, AllocationPool pool)
    {
        var families = request.Families;
        if (families.IsEmpty)
        {
            families = [pool.Addresses.Has(AddressFamily.InterNetwork) ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6];
        }

        var given = ImmutableArray.CreateBuilder<IPAddress>(families.Length);
        foreach (var family in families)
        {
            if (Shared(request.User, pool, family) is { } shared)
            {
                given.Add(shared);
                continue;
            }

            if (FreeOf(pool).TakeLowest(family, pool.AvoidBuggy) is { } address)
            {
                given.Add(address);
                continue;
            }

            // All or nothing: what was taken for the other family is free again.
            if (given.Count > 0)
            {
                _free.Remove(pool.Name);
            }

            return Exhausted(pool, family);
        }

        return new AllocationResult.Granted(given.ToImmutable());
    }

    private static AllocationResult.Refused Exhausted(AllocationPool pool, AddressFamily family)
    {
        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        return pool.Addresses.Has(family)
            ? new AllocationResult.Refused(
                AllocationRefusal.PoolExhausted,
                $"AddressPool '{pool.Name}' has no free {name} address left; add addresses to it, or name another pool")
            : new AllocationResult.Refused(
                AllocationRefusal.NoAddressOfFamily,
                $"AddressPool '{pool.Name}' has no {name} addresses; add a range of them, or name another pool");
    }

    /// <summary>The lowest address of the pool that the user may share.</summary>
    private IPAddress? Shared(AddressUser user, AllocationPool pool, AddressFamily family) => user.SharingKey is null
        ? null
        : _users
            .Where(entry => entry.Key.AddressFamily == family
                && entry.Value.Count > 0
                && entry.Value.TrueForAll(other => user.SharingProblem(other) is null)
                && pool.Addresses.Contains(entry.Key))
            .Select(entry => entry.Key)
            .MinBy(AddressNumber.Of);

    private FreeAddresses FreeOf(AllocationPool pool)
    {
        if (!_free.TryGetValue(pool.Name, out var free))
        {
            free = new FreeAddresses(pool.Addresses, _users.Keys.Concat(_blocked.Keys));
            _free.Add(pool.Name, free);
        }

        return free;
    }

    private List<AddressUser> UsersOf(IPAddress address)
    {
        if (!_users.TryGetValue(address, out var users))
        {
            users = [];
            _users.Add(address, users);
        }

        return users;
    }
}
