using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>
/// Everything an agent needs to act without the controller: published whole under a revision that only grows,
/// kept on disk, swapped in one step.
/// </summary>
public sealed record ClusterSnapshot
{
    public static readonly ClusterSnapshot Empty = new() { Revision = 0 };

    /// <summary>Number of this snapshot; larger than that of every snapshot published before it. 0 is "none yet".</summary>
    public required ulong Revision { get; init; }

    public ImmutableArray<NodePeer> Nodes { get; init; } = [];

    public ImmutableArray<VirtualIpIntent> VirtualIps { get; init; } = [];

    public ImmutableArray<BackendSet> BackendSets { get; init; } = [];

    /// <summary>Keys that authenticate heartbeats: the first signs, all are accepted. At most two during a rotation.</summary>
    public ImmutableArray<HeartbeatKey> HeartbeatKeys { get; init; } = [];
}
