using System.Collections.Concurrent;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Controller.Agents;

/// <summary>A snapshot under its revision, with the messages that carry it, each made and encoded once for all agents.</summary>
internal sealed class PublishedSnapshot
{
    private readonly Lazy<EncodedMessage> _whole;

    /// <summary>By the revision an agent was sent last; none where the whole is sent instead.</summary>
    private readonly ConcurrentDictionary<ulong, Lazy<EncodedMessage?>> _deltas = new();

    public PublishedSnapshot(ClusterSnapshot snapshot)
    {
        Snapshot = snapshot;
        _whole = new Lazy<EncodedMessage>(
            () => new EncodedMessage(new ControllerMessage { Snapshot = SnapshotMapping.ToProto(snapshot) }));
    }

    public ClusterSnapshot Snapshot { get; }

    public ulong Revision => Snapshot.Revision;

    /// <summary>
    /// What takes an agent from what it was sent last to this: a delta, also over several revisions at once when the
    /// agent was slow, or the whole.
    /// </summary>
    public EncodedMessage MessageFor(ClusterSnapshot? sent) => sent is null
        ? _whole.Value
        : _deltas.GetOrAdd(sent.Revision, _ => new Lazy<EncodedMessage?>(() => Difference(sent))).Value ?? _whole.Value;

    private EncodedMessage? Difference(ClusterSnapshot from) =>
        SnapshotDiff.Compute(from, Snapshot) is { } delta ? new EncodedMessage(new ControllerMessage { Delta = delta }) : null;
}
