using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Agents;

/// <summary>What those who compute snapshots and status see of the agents, and what they publish to them.</summary>
internal sealed partial class AgentRegistry
{
    private Followed<string, AgentFacts> _agentsView = new(StringComparer.Ordinal);
    private Followed<string, ImmutableDictionary<EndpointKey, EndpointVerdict>> _healthView = new(StringComparer.Ordinal);
    private Followed<string, ImmutableArray<Refusal>> _refusalsView = new(StringComparer.Ordinal);

    public AgentsView View()
    {
        lock (_lock)
        {
            var connected = _entries.Values.Where(entry => entry.Session is not null);
            return new AgentsView
            {
                Agents = _agentsView.Follow(_entries.Values.Select(entry => KeyValuePair.Create(entry.Node, entry.Shown()))),
                Holders = _holders.Holders,
                Terms = _holders.Terms,
                Failovers = _holders.Failovers,
                Contested = _contested.Current,
                Probes = _probes.Current,
                ProbingNodes = [.. _entries.Values.Where(entry => entry.Session is { ProbesAddresses: true }).Select(entry => entry.Node)],
                Failures = _failures,
                Health = _healthView.Follow(connected.Select(entry => KeyValuePair.Create(entry.Node, entry.Health))),
                Loads = connected.Where(entry => entry.Loads is not null)
                    .ToImmutableDictionary(entry => entry.Node, entry => entry.Loads!),
                Refusals = _refusalsView.Follow(connected.Where(entry => !entry.Refusals.IsEmpty)
                    .Select(entry => KeyValuePair.Create(entry.Node, entry.Refusals))),
                AnyApplied = _anyApplied,
            };
        }
    }

    /// <summary>Makes the snapshot the one all agents should have, and forgets what it has no use for.</summary>
    /// <param name="addresses">Addresses that some VirtualIp names.</param>
    public void Publish(ClusterSnapshot snapshot, IReadOnlySet<IPAddress> addresses)
    {
        var before = Published?.Snapshot;
        var gone = EndpointsGone(before, snapshot);
        var all = new Lazy<HashSet<EndpointKey>>(() => [.. snapshot.BackendSets.SelectMany(KeysOf)]);
        lock (_lock)
        {
            if (!_serving)
            {
                return;
            }

            _published = new PublishedSnapshot(snapshot);
            _holders.Prune(addresses);
            foreach (var entry in _entries.Values)
            {
                entry.Prune(gone, all);
                entry.Session?.Wake.Raise();
            }
        }
    }

    /// <summary>Endpoints of sets that are not as they were, if they are not in them any more.</summary>
    private static EndpointKey[] EndpointsGone(ClusterSnapshot? from, ClusterSnapshot to)
    {
        var sets = to.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal);
        return
        [
            .. (from?.BackendSets ?? []).Where(old => !ReferenceEquals(sets.GetValueOrDefault(old.Id), old))
                .SelectMany(old => KeysOf(old).Except(sets.TryGetValue(old.Id, out var now) ? KeysOf(now) : [])),
        ];
    }

    private static IEnumerable<EndpointKey> KeysOf(BackendSet set) =>
        set.Backends.Select(backend => new EndpointKey(set.Id, backend.Address, backend.Port));

    private void ForgetViews()
    {
        _agentsView = new Followed<string, AgentFacts>(StringComparer.Ordinal);
        _healthView = new Followed<string, ImmutableDictionary<EndpointKey, EndpointVerdict>>(StringComparer.Ordinal);
        _refusalsView = new Followed<string, ImmutableArray<Refusal>>(StringComparer.Ordinal);
    }
}
