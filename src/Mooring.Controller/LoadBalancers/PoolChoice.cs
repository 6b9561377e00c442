using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using k8s.Models;
using Mooring.Controller.Allocation;
using Mooring.Controller.Validation;

namespace Mooring.Controller.LoadBalancers;

/// <summary>Which AddressPool a Service gets its addresses from. Pure but for counting what it has promised.</summary>
internal sealed class PoolChoice
{
    private readonly ImmutableArray<AddressPoolSettings> _pools;
    private readonly Dictionary<string, UInt128> _available;
    private readonly Dictionary<string, IDictionary<string, string>?> _namespaces;

    public PoolChoice(IEnumerable<AddressPoolEvaluation> pools, IEnumerable<V1Namespace> namespaces)
    {
        var all = pools.ToArray();
        _available = all.ToDictionary(pool => pool.Settings.Name, pool => pool.Available, StringComparer.Ordinal);
        _pools =
        [
            .. all.Select(pool => pool.Settings)
                .Where(pool => pool.Findings.IsEmpty)
                .OrderBy(pool => pool.Priority == 0 ? int.MaxValue : pool.Priority)
                .ThenBy(pool => pool.Resource.Metadata.CreationTimestamp ?? DateTime.MaxValue)
                .ThenBy(pool => pool.Name, StringComparer.Ordinal),
        ];
        Version = string.Join(';', all.Select(pool => $"{pool.Settings.Resource.Metadata.Uid}/{pool.Settings.Resource.Metadata.Generation}")
            .Concat(namespaces.Select(one => $"{one.Metadata.Uid}/{one.Metadata.ResourceVersion}")));
        _namespaces = namespaces.ToDictionary(
            @namespace => @namespace.Metadata.Name ?? "", @namespace => @namespace.Metadata.Labels, StringComparer.Ordinal);
    }

    /// <summary>The same for the same pools and namespaces, whatever of the pools is in use.</summary>
    public string Version { get; }

    /// <summary>A pool that has all of the addresses and may be used.</summary>
    public (string? Pool, Finding? Problem) With(V1Service service, IReadOnlyList<IPAddress> addresses, string field)
    {
        var pool = _pools.FirstOrDefault(pool => addresses.All(pool.Pool.Addresses.Contains));
        if (pool is null)
        {
            return (null, new Finding(
                Reasons.AddressNotInPool,
                field,
                $"no AddressPool has {string.Join(" and ", addresses)}; add the address to one, or ask for another"));
        }

        return Denial(pool, service) is { } denial
            ? (null, new Finding(Reasons.AddressPoolNotAllowed, field, denial))
            : (pool.Name, null);
    }

    /// <summary>The best pool that gives addresses by itself: one with a free address and all families, else the nearest to that.</summary>
    public (string? Pool, Finding? Problem) For(V1Service service, IReadOnlyList<AddressFamily> families)
    {
        var allowed = _pools.Where(pool => pool.AutoAssign && Denial(pool, service) is null).ToArray();
        var best = allowed
            .OrderBy(pool => families.Count > 0 && pool.Pool.Addresses.Has(families[0]) ? 0 : 1)
            .ThenBy(pool => _available[pool.Name] > 0 ? 0 : 1)
            .ThenBy(pool => families.All(pool.Pool.Addresses.Has) ? 0 : 1)
            .FirstOrDefault();
        if (best is null)
        {
            return (null, new Finding(
                Reasons.UnknownAddressPool,
                "",
                "no AddressPool gives addresses to this Service by itself; create one, or name one in the annotation "
                + ServiceAnnotations.AddressPool));
        }

        if (_available[best.Name] > 0)
        {
            _available[best.Name]--;
        }

        return (best.Name, null);
    }

    public bool Has(string pool, AddressFamily family) =>
        _pools.FirstOrDefault(candidate => candidate.Name == pool)?.Pool.Addresses.Has(family) ?? true;

    private string? Denial(AddressPoolSettings pool, V1Service service) => pool.Denies(
        service.Metadata.NamespaceProperty ?? "",
        _namespaces.GetValueOrDefault(service.Metadata.NamespaceProperty ?? ""),
        service.Metadata.Labels);
}
