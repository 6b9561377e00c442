using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>A snapshot taken as a whole, or refused as a whole with everything that is wrong with it.</summary>
public sealed class SnapshotResult
{
    private SnapshotResult(ClusterSnapshot? snapshot, ImmutableArray<Problem> problems)
    {
        Snapshot = snapshot;
        Problems = problems;
    }

    public ClusterSnapshot? Snapshot { get; }

    /// <summary>At most <see cref="SnapshotLimits.MaxProblems"/>; empty when the snapshot was taken.</summary>
    public ImmutableArray<Problem> Problems { get; }

    [MemberNotNullWhen(true, nameof(Snapshot))]
    public bool Accepted => Snapshot is not null;

    internal static SnapshotResult Of(ClusterSnapshot snapshot) => new(snapshot, []);

    internal static SnapshotResult Refused(ProblemList problems) => new(null, problems.ToImmutable());
}
