using System.Collections.Immutable;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// Turns the desired forwarding into the contents of our table. What a service came to is kept, and only what changed since the
/// last plan is worked out anew: most services are as they were.
/// </summary>
internal sealed class TablePlanner(ServiceNumbers numbers)
{
    private readonly CountedSet _addresses = new();
    private readonly CountedSet _localBackends = new();
    private DataPlaneState _last = DataPlaneState.Empty;
    private TablePlan _plan = TablePlan.Empty;

    /// <param name="state">What is wanted.</param>
    /// <param name="held">Addresses that this node answers for.</param>
    /// <param name="changes">Gets what differs from the last plan.</param>
    public TablePlan Plan(DataPlaneState state, ImmutableSortedSet<string> held, PlanChanges changes)
    {
        var paths = PathPlan.Of(state);
        var marks = (paths?.Peers ?? []).ToDictionary(peer => peer.Node, peer => peer.Mark, StringComparer.Ordinal);
        var difference = ServiceChanges.Between(_last.Services, state.Services);
        var samePeers = _last.Peers == state.Peers;
        if (!samePeers && !_last.Peers.AsSpan().SequenceEqual(state.Peers.AsSpan()))
        {
            // Every plan of Direct mode has the marks of other nodes in it.
            difference = new ServiceChanges(_last.Services, [.. state.Services.Select(service => ((ForwardedService?)null, service))]);
        }

        var services = _plan.Services.ToBuilder();
        var chains = _plan.SlotChains.ToBuilder();
        var (gone, come, localGone, localCome) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        foreach (var service in difference.Removed)
        {
            var key = Key(service);
            services.Remove(key);
            changes.Services.Add(key);
            Take(service, gone, localGone);
        }

        foreach (var (before, service) in difference.Added)
        {
            var key = Key(service);
            if (before is not null)
            {
                Take(before, gone, localGone);
            }

            Take(service, come, localCome);
            if (before is null || !Same(before, service))
            {
                var plan = Plan(key, service, marks);
                services[key] = plan;
                chains.UnionWith(ChainsOf(plan));
                changes.Services.Add(key);
            }
        }

        foreach (var key in changes.Services)
        {
            if (services.GetValueOrDefault(key)?.Direct is null)
            {
                numbers.Free(key);
            }
        }

        _addresses.Change(gone, come, changes.VirtualAddresses);
        _localBackends.Change(localGone, localCome, changes.LocalBackends);
        _plan = new TablePlan
        {
            VirtualAddresses = _addresses.Elements,
            Held = held,
            LocalBackends = _localBackends.Elements,
            SlotChains = chains.ToImmutable(),
            Peers = samePeers ? _plan.Peers
                : TablePlan.Set(state.Peers.SelectMany(peer => peer.MacAddresses).Select(mac => NftablesText.Of(mac))),
            TunnelEnds = samePeers ? _plan.TunnelEnds
                : TablePlan.Set(state.Peers.SelectMany(peer => peer.Addresses).Select(address => NftablesText.Of(address))),
            SecondHops = TablePlan.Set(
                (paths?.Peers ?? []).Select(peer => $"{DirectMarks.Text(peer.Mark)} : {peer.TunnelAddress}")),
            SecondHops6 = TablePlan.Set(
                (paths is { IPv6: true } ? paths.Peers : []).Select(peer => $"{DirectMarks.Text(peer.Mark)} : {NftablesText.Of(peer.GatewayV6)}")),
            Services = services.ToImmutable(),
        };
        _last = state;
        return _plan;
    }

    public static string Key(ForwardedService service) =>
        $"{NftablesText.Of(service.Address)} . {TransportNames.Of(service.Protocol)} . {service.Port}";

    /// <summary>The addresses that the service needs in the sets of addresses.</summary>
    private static void Take(ForwardedService service, List<string> addresses, List<string> localBackends)
    {
        addresses.Add(NftablesText.Of(service.Address));
        Local(service.Backends);
        Local(service.Draining);

        void Local(ImmutableArray<ForwardedBackend> backends)
        {
            foreach (var backend in backends)
            {
                if (backend.Local)
                {
                    localBackends.Add(NftablesText.Of(backend.Address));
                }
            }
        }
    }

    private static IEnumerable<string> ChainsOf(ServicePlan plan) =>
    [
        .. plan.Chain is { } chain ? [chain] : Array.Empty<string>(),
        .. plan.Direct is { } direct
            ? DirectChain.Names(DirectMarks.IsClient(direct.Mark), direct.Owners.Length)
            : [],
    ];

    private static bool Same(ForwardedService one, ForwardedService other) =>
        ReferenceEquals(one, other)
        || (one.Algorithm == other.Algorithm
            && one.ClientAffinityTimeout == other.ClientAffinityTimeout
            && one.HoldsWithoutBackends == other.HoldsWithoutBackends
            && one.Backends.AsSpan().SequenceEqual(other.Backends.AsSpan())
            && ReferenceEquals(one.Slots, other.Slots)
            && ReferenceEquals(one.Sparse, other.Sparse)
            && Equals(one.Direct, other.Direct));

    private ServicePlan Plan(string key, ForwardedService service, Dictionary<string, uint> marks)
    {
        if (service.Direct is { } direct)
        {
            return Plan(key, service, direct, marks);
        }

        if (service.Backends.IsEmpty)
        {
            return ServicePlan.None with { Holding = service.HoldsWithoutBackends };
        }

        var affinity = service.ClientAffinityTimeout is not null;
        var rotates = !affinity
            && service.Algorithm is BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin;
        var (table, sparse) = (rotates, service.Algorithm) switch
        {
            (true, BalancingAlgorithm.RoundRobin) => new NatTable(WeightedRotation.Even(service.Backends.Length), Sparse: false),
            (true, _) => new NatTable(WeightedRotation.Weighted(service.Backends), Sparse: false),
            _ => NatTable.Of(service),
        };
        string?[] names = [.. service.Backends.Select(backend => NftablesText.Of(backend.Address, backend.Port))];
        return new ServicePlan(
            SlotChain.Name(
                service.Address.AddressFamily,
                service.Protocol,
                service.Algorithm,
                affinity,
                sparse ? table.Size - 1 : table.Size,
                sparse),
            [.. table.Backends.Select(backend => backend < 0 ? null : names[backend])]);
    }

    private ServicePlan Plan(string key, ForwardedService service, DirectForwarding direct, Dictionary<string, uint> marks)
    {
        var names = new Dictionary<ForwardedBackend, string>();
        var slots = direct.Endpoints.Select(backend =>
        {
            if (backend is null)
            {
                return null;
            }

            if (!names.TryGetValue(backend, out var name))
            {
                names[backend] = name = NftablesText.Of(backend.Address, backend.Port);
            }

            return name;
        }).ToArray();

        // Ends with the last element that there is, as what is read back from the kernel does.
        var length = Array.FindLastIndex(slots, slot => slot is not null) + 1;

        // A node that is not known any more has no pods either: what is here has to do.
        uint MarkOf(string? node) => node is null ? 0 : marks.GetValueOrDefault(node);
        var served = length > 0;
        return new ServicePlan(
            served
                ? SlotChain.Name(
                    service.Address.AddressFamily,
                    service.Protocol,
                    direct.ByClient ? BalancingAlgorithm.SourceIpHash : BalancingAlgorithm.Maglev,
                    clientAffinity: false,
                    direct.Size,
                    sparse: false)
                : null,
            [.. slots.AsSpan(0, length)])
        {
            Holding = service.HoldsWithoutBackends && !direct.Open,
            Direct = new DirectPlan(
                DirectMarks.Way(direct.ByClient, direct.Size) | numbers.Of(key),
                [.. direct.Owners.Select(MarkOf)],
                [.. direct.Previous.Select(nodes => nodes.Select(MarkOf).ToImmutableArray())],
                direct.Serves,
                !direct.Open),
        };
    }
}
