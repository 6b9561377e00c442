using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// The backend sets of the snapshot in force, and which of their endpoints this node checks. A snapshot that changes the contents of
/// a set has only that one looked at.
/// </summary>
internal sealed class CheckedSets(string nodeName)
{
    private readonly Dictionary<string, BackendSet> _sets = new(StringComparer.Ordinal);
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ImmutableHashSet<IPAddress> _held = [];
    private HealthCheckTargets _targets = new([], nodeName, []);

    /// <summary>Backends of the set; none when it is not known.</summary>
    public ImmutableArray<Backend> BackendsOf(string setId) => _sets.GetValueOrDefault(setId)?.Backends ?? [];

    /// <summary>The snapshot has this set, with these contents.</summary>
    public bool Has(BackendSet set) => ReferenceEquals(_sets.GetValueOrDefault(set.Id), set);

    /// <summary>The endpoints of these sets that are to be checked.</summary>
    public Dictionary<(string SetId, IPEndPoint Backend), HealthCheckTarget> TargetsIn(IEnumerable<BackendSet> sets) =>
        sets.SelectMany(_targets.In).ToDictionary(target => (target.BackendSetId, target.Backend));

    /// <returns>Sets whose targets may be others, as they were and as they are.</returns>
    public BackendSetChanges Take(ClusterSnapshot snapshot)
    {
        var before = _snapshot;
        _snapshot = snapshot;
        var changes = BackendSetChanges.Between(before.BackendSets, snapshot.BackendSets);
        foreach (var set in changes.Before)
        {
            _sets.Remove(set.Id);
        }

        foreach (var set in changes.Now)
        {
            _sets[set.Id] = set;
        }

        if (before.VirtualIps == snapshot.VirtualIps)
        {
            return changes;
        }

        _targets = new HealthCheckTargets(snapshot.VirtualIps, nodeName, _held);
        return new BackendSetChanges(before.BackendSets, snapshot.BackendSets);
    }

    /// <param name="held">The addresses this node answers for.</param>
    /// <returns>Sets whose targets may be others.</returns>
    public BackendSetChanges Hold(ImmutableHashSet<IPAddress> held)
    {
        _held = held;
        _targets = new HealthCheckTargets(_snapshot.VirtualIps, nodeName, held);
        return new BackendSetChanges(_snapshot.BackendSets, _snapshot.BackendSets);
    }
}
