using System.Collections.Immutable;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Turns the desired forwarding into the contents of our table. What a service came to is kept, as filling slots is most of
/// the work and most services are as they were.
/// </summary>
internal sealed class TablePlanner(ServiceNumbers numbers)
{
    private readonly Dictionary<string, (ForwardedService Service, ServicePlan Plan)> _known = new(StringComparer.Ordinal);
    private ImmutableArray<DirectPeer> _peers = [];

    public TablePlan Plan(DataPlaneState state, IEnumerable<string> held)
    {
        var paths = PathPlan.Of(state);
        var marks = (paths?.Peers ?? []).ToDictionary(peer => peer.Node, peer => peer.Mark, StringComparer.Ordinal);
        if (!_peers.AsSpan().SequenceEqual(state.Peers.AsSpan()))
        {
            _known.Clear();
            _peers = state.Peers;
        }

        var services = ImmutableSortedDictionary.CreateBuilder<string, ServicePlan>(StringComparer.Ordinal);
        foreach (var service in state.Services)
        {
            var key = Key(service);
            if (!_known.TryGetValue(key, out var known) || !Same(known.Service, service))
            {
                known = (service, Plan(key, service, marks));
                _known[key] = known;
            }

            services[key] = known.Plan;
        }

        if (_known.Count > services.Count)
        {
            foreach (var gone in _known.Keys.Where(key => !services.ContainsKey(key)).ToArray())
            {
                _known.Remove(gone);
            }
        }

        numbers.Retain(services.Where(pair => pair.Value.Direct is not null).Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal));
        return new TablePlan
        {
            VirtualAddresses = TablePlan.Set(state.Services.Select(service => NftablesText.Of(service.Address))),
            Held = TablePlan.Set(held),
            LocalBackends = TablePlan.Set(
                from service in state.Services
                from backend in service.Backends.Concat(service.Draining)
                where backend.Local
                select NftablesText.Of(backend.Address)),
            SlotChains = TablePlan.Set(services.Values.SelectMany(ChainsOf).Distinct()),
            Peers = TablePlan.Set(state.Peers.SelectMany(peer => peer.MacAddresses).Select(mac => NftablesText.Of(mac))),
            TunnelEnds = TablePlan.Set(state.Peers.SelectMany(peer => peer.Addresses).Select(address => NftablesText.Of(address))),
            SecondHops = TablePlan.Set(
                (paths?.Peers ?? []).Select(peer => $"{DirectMarks.Text(peer.Mark)} : {peer.TunnelAddress}")),
            SecondHops6 = TablePlan.Set(
                (paths is { IPv6: true } ? paths.Peers : []).Select(peer => $"{DirectMarks.Text(peer.Mark)} : {NftablesText.Of(peer.GatewayV6)}")),
            Services = services.ToImmutable(),
        };
    }

    public static string Key(ForwardedService service) =>
        $"{NftablesText.Of(service.Address)} . {(service.Protocol == TransportProtocol.Udp ? "udp" : "tcp")} . {service.Port}";

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
            && one.Backends.AsSpan().SequenceEqual(other.Backends.AsSpan())
            && Equals(one.Direct, other.Direct));

    private ServicePlan Plan(string key, ForwardedService service, Dictionary<string, uint> marks)
    {
        if (service.Direct is { } direct)
        {
            return Plan(key, service, direct, marks);
        }

        if (service.Backends.IsEmpty)
        {
            return ServicePlan.None;
        }

        var affinity = service.ClientAffinityTimeout is not null;
        var rotates = !affinity
            && service.Algorithm is BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin;
        var table = (rotates, service.Algorithm) switch
        {
            (true, BalancingAlgorithm.RoundRobin) => WeightedRotation.Even(service.Backends.Length),
            (true, _) => WeightedRotation.Weighted(service.Backends),
            _ => MaglevTable.Build(service.Backends, SlotTableSize.For(service.Backends.Length)),
        };
        string?[] names = [.. service.Backends.Select(backend => NftablesText.Of(backend.Address, backend.Port))];
        return new ServicePlan(
            SlotChain.Name(service.Address.AddressFamily, service.Algorithm, affinity, table.Size),
            [.. table.Backends.Select(backend => names[backend])]);
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
                    direct.ByClient ? BalancingAlgorithm.SourceIpHash : BalancingAlgorithm.Maglev,
                    clientAffinity: false,
                    direct.Size)
                : null,
            [.. slots.AsSpan(0, length)])
        {
            Direct = new DirectPlan(
                DirectMarks.Way(direct.ByClient, direct.Size) | numbers.Of(key),
                [.. direct.Owners.Select(MarkOf)],
                [.. direct.Previous.Select(nodes => nodes.Select(MarkOf).ToImmutableArray())],
                direct.Serves,
                !direct.Open),
        };
    }
}
