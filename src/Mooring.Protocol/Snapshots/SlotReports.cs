using System.Collections.Immutable;
using Google.Protobuf;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The slots an agent works by, as it tells them to a controller that may be new.</summary>
public static class SlotReports
{
    /// <summary>Half of the largest message of an agent.</summary>
    private const int MaxBytes = SnapshotLimits.MaxAgentMessageBytes / 2;

    /// <summary>
    /// What fits a message: first full tables with a history, whose connections are lost without, and sparse ones at the end. Those that
    /// follow from the endpoints alone are left out.
    /// </summary>
    public static IEnumerable<Proto.PublishedSlots> ToProto(ClusterSnapshot snapshot)
    {
        var bytes = 0;
        foreach (var set in snapshot.BackendSets.Where(set => !set.Slots.IsEmpty || !set.Sparse.IsEmpty)
            .OrderByDescending(set => set.Slots.Any(slots => !slots.Previous.IsEmpty)).ThenByDescending(set => !set.Slots.IsEmpty))
        {
            var report = new Proto.PublishedSlots { BackendSetId = set.Id };
            report.Tables.AddRange(set.Slots.Select(SlotTableMapping.ToProto));
            report.SparseTables.AddRange(
                set.Sparse.Where(sparse => !SparsePlaces.FollowFromEndpoints(sparse, set.Backends)).Select(SparseTableMapping.ToReport));
            if (report.Tables.Count + report.SparseTables.Count == 0)
            {
                continue;
            }

            bytes += report.CalculateSize();
            if (bytes > MaxBytes)
            {
                yield break;
            }

            yield return report;
        }
    }

    /// <summary>Slots by id of the backend set; those with a mistake are left out.</summary>
    public static ImmutableDictionary<string, SetSlots> ToCore(IEnumerable<Proto.PublishedSlots> reports)
    {
        var result = ImmutableDictionary.CreateBuilder<string, SetSlots>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            var problems = new ProblemList();
            var reader = new ObjectReader(report.BackendSetId, problems);
            var slots = new SetSlots(
                SlotTableMapping.Read(report.Tables, reader), SparseTableMapping.Read(report.SparseTables, backends: null, reader));
            if (problems.IsEmpty)
            {
                result[report.BackendSetId] = slots;
            }
        }

        return result.ToImmutable();
    }
}
