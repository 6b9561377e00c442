using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Controller.Agents;

/// <summary>A snapshot under its revision, with the messages that carry it, each made once for all agents.</summary>
internal sealed class PublishedSnapshot
{
    private readonly ClusterSnapshot? _previous;
    private readonly Lazy<ControllerMessage> _full;
    private readonly Lazy<ControllerMessage?> _fromPrevious;

    public PublishedSnapshot(ClusterSnapshot snapshot, ClusterSnapshot? previous)
    {
        Snapshot = snapshot;
        _previous = previous;
        _full = new Lazy<ControllerMessage>(
            () => new ControllerMessage { Snapshot = SnapshotMapping.ToProto(snapshot) });
        _fromPrevious = new Lazy<ControllerMessage?>(() => previous is null ? null : Difference(previous, snapshot));
    }

    public ClusterSnapshot Snapshot { get; }

    public ulong Revision => Snapshot.Revision;

    /// <summary>
    /// What takes an agent from what it was sent last to this: a delta, also over several revisions at once when the
    /// agent was slow, or the whole.
    /// </summary>
    public ControllerMessage MessageFor(ClusterSnapshot? sent)
    {
        var delta = sent is null ? null
            : ReferenceEquals(sent, _previous) ? _fromPrevious.Value
            : Difference(sent, Snapshot);
        return delta ?? _full.Value;
    }

    private static ControllerMessage? Difference(ClusterSnapshot from, ClusterSnapshot to) =>
        SnapshotDiff.Compute(from, to) is { } delta ? new ControllerMessage { Delta = delta } : null;
}
