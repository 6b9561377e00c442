using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Resolves every pool once for each target port in use. An endpoint counts where its address family is that of an
/// address that leads to it.
/// </summary>
internal sealed class BackendSets(
    EndpointSources sources, Reuse<string, ResolvedSet> memory, IReadOnlyDictionary<NamespacedName, PoolSettings> pools)
{
    private const int MaxNamed = 5;

    private readonly EndpointResolver _resolver = new(sources);
    private readonly Dictionary<string, ResolvedSet> _sets = new(StringComparer.Ordinal);

    /// <summary>Sets with the endpoints of one family only, where the pool has others too.</summary>
    private readonly Dictionary<(string Id, AddressFamily Family), BackendSet> _ofFamily = [];

    public PortEvaluation Resolve(PortSettings port, VirtualIpSettings vip)
    {
        if (!pools.TryGetValue(port.Pool, out var pool))
        {
            return new PortEvaluation(port, null, Unknown(port));
        }

        if (!pool.Findings.IsEmpty)
        {
            return new PortEvaluation(
                port,
                null,
                new Finding(
                    Reasons.InvalidBackendPool,
                    $"{port.Field}.backendPool",
                    $"BackendPool '{pool.Key.Name}' is not valid: {pool.Findings[0]}"));
        }

        if (!_sets.TryGetValue(port.BackendSetId, out var known))
        {
            known = memory.Keep(port.BackendSetId, ResolveOnce(pool, port));
            _sets.Add(port.BackendSetId, known);
        }

        return new PortEvaluation(
            port,
            Of(FamiliesOf(vip), known.Set),
            known.Resolved.Finding is { } finding ? AtPort(port, pool, finding) : MissingFamily(port, vip, known.Set));
    }

    /// <summary>As it was resolved before, if nothing that it depends on is another than then.</summary>
    private ResolvedSet ResolveOnce(PoolSettings pool, PortSettings port)
    {
        var looked = pool.Endpoints is null ? sources : null;
        var before = memory.TryGetLast(port.BackendSetId, out var last) && last.Pool == pool ? last : null;
        if (before is not null && before.Sources == looked)
        {
            return before;
        }

        var resolved = _resolver.Resolve(pool, port.TargetPort);
        return before is not null && before.Resolved.IsSameAs(resolved)
            ? before with { Sources = looked }
            : new ResolvedSet(pool, looked, ToSet(port.BackendSetId, pool, resolved.Backends), resolved);
    }

    /// <summary>Sets that published VirtualIps use, sorted by id.</summary>
    public ImmutableArray<BackendSet> Published(IEnumerable<VirtualIpEvaluation> vips)
    {
        var used = new Dictionary<string, HashSet<AddressFamily>>(StringComparer.Ordinal);
        foreach (var vip in vips.Where(vip => vip.Published))
        {
            var families = FamiliesOf(vip.Settings);
            foreach (var id in vip.Ports.Select(port => port.Set?.Id).OfType<string>())
            {
                if (!used.TryAdd(id, families))
                {
                    used[id] = [.. used[id], .. families];
                }
            }
        }

        return
        [
            .. _sets.Values.Where(known => used.ContainsKey(known.Set.Id))
                .Select(known => Of(used[known.Set.Id], known.Set))
                .OrderBy(set => set.Id, StringComparer.Ordinal),
        ];
    }

    /// <param name="published">What <see cref="Published"/> gave.</param>
    public ImmutableArray<PoolEvaluation> Evaluate(ImmutableArray<BackendSet> published)
    {
        var byPool = published.ToLookup(set => set.Pool);
        return
        [
            .. pools.Values
                .OrderBy(pool => pool.Key.Namespace, StringComparer.Ordinal)
                .ThenBy(pool => pool.Key.Name, StringComparer.Ordinal)
                .Select(pool => Evaluate(pool, [.. byPool[pool.Key]])),
        ];
    }

    private PoolEvaluation Evaluate(PoolSettings pool, ImmutableArray<BackendSet> sets)
    {
        if (!pool.Findings.IsEmpty)
        {
            return new PoolEvaluation { Settings = pool };
        }

        if (sets.IsEmpty)
        {
            var resolved = _resolver.Resolve(pool, default);
            return new PoolEvaluation
            {
                Settings = pool,
                Unused = resolved.Backends,
                Remarks = resolved.Remarks,
                EndpointFinding = resolved.Finding is { Reason: Reasons.UnknownTargetPort } ? null : resolved.Finding,
            };
        }

        return new PoolEvaluation
        {
            Settings = pool,
            Sets = sets,
            Remarks = sets.Aggregate(
                ImmutableDictionary<IPEndPoint, string>.Empty, (all, set) => all.SetItems(_sets[set.Id].Resolved.Remarks)),
            EndpointFinding = sets.Select(set => _sets[set.Id].Resolved.Finding).FirstOrDefault(finding => finding is not null),
        };
    }

    private static HashSet<AddressFamily> FamiliesOf(VirtualIpSettings vip) =>
        [.. vip.Addresses.Select(address => address.AddressFamily)];

    private BackendSet Of(HashSet<AddressFamily> families, BackendSet set)
    {
        if (families.Count > 1 || set.Backends.All(backend => families.Contains(backend.Address.AddressFamily)))
        {
            return set;
        }

        var key = (set.Id, families.First());
        if (!_ofFamily.TryGetValue(key, out var part))
        {
            part = set with { Backends = [.. set.Backends.Where(backend => backend.Address.AddressFamily == key.Item2)] };
            _ofFamily.Add(key, part);
        }

        return part;
    }

    /// <summary>Endpoints are there, but none that an address of the VirtualIp could lead to.</summary>
    private static Finding? MissingFamily(PortSettings port, VirtualIpSettings vip, BackendSet all)
    {
        var lost = vip.Addresses.FirstOrDefault(address =>
            !all.Backends.Any(backend => backend.Address.AddressFamily == address.AddressFamily));
        if (lost is null || all.Backends.IsEmpty)
        {
            return null;
        }

        var family = lost.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        return new Finding(
            Reasons.NoEndpointsOfFamily,
            $"{port.Field}.backendPool",
            $"{lost} leads to no endpoint: none of BackendPool '{port.Pool.Name}' has an {family} address; "
            + "give the endpoints one, or remove the address");
    }

    private static BackendSet ToSet(string id, PoolSettings pool, ImmutableArray<Backend> backends) => new()
    {
        Id = id,
        Pool = pool.Key,
        Algorithm = pool.Algorithm,
        ClientAffinityTimeout = pool.ClientAffinityTimeout,
        HealthCheck = pool.HealthCheck,
        DrainTimeout = pool.DrainTimeout,
        ShutsDownSessions = pool.ShutsDownSessions,
        MinHealthyPercent = pool.MinHealthyPercent,
        HoldsWithoutBackends = pool.HoldsWithoutEndpoints,
        Backends = backends,
    };

    private Finding Unknown(PortSettings port)
    {
        var others = pools.Keys
            .Where(key => key.Namespace == port.Pool.Namespace)
            .Select(key => key.Name)
            .Order(StringComparer.Ordinal)
            .Take(MaxNamed)
            .ToArray();
        return new Finding(
            Reasons.UnknownBackendPool,
            $"{port.Field}.backendPool",
            $"no BackendPool '{port.Pool.Name}' in namespace {port.Pool.Namespace}; create it"
            + (others.Length == 0 ? "" : $", or name one of: {string.Join(", ", others)}"));
    }

    /// <summary>The finding as one reads it at the VirtualIp, where the pool's own fields mean nothing.</summary>
    private static Finding AtPort(PortSettings port, PoolSettings pool, Finding finding) =>
        finding.Reason == Reasons.UnknownTargetPort
            ? finding with { Field = $"{port.Field}.targetPort" }
            : new Finding(
                finding.Reason, $"{port.Field}.backendPool", $"BackendPool '{pool.Key.Name}': {finding}");
}
