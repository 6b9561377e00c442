using System.Collections.Immutable;
using Google.Protobuf;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The slots an agent works by, as it tells them to a controller that may be new.</summary>
public static class SlotReports
{
    /// <summary>Half of the largest message of an agent.</summary>
    private const int MaxBytes = SnapshotLimits.MaxAgentMessageBytes / 2;

    /// <summary>What fits a message: those with a history first, as the others can mostly be computed anew.</summary>
    public static IEnumerable<Proto.PublishedSlots> ToProto(ClusterSnapshot snapshot)
    {
        var bytes = 0;
        foreach (var set in snapshot.BackendSets.Where(set => !set.Slots.IsEmpty)
            .OrderByDescending(set => set.Slots.Any(slots => !slots.Previous.IsEmpty)))
        {
            var report = new Proto.PublishedSlots { BackendSetId = set.Id };
            report.Tables.AddRange(set.Slots.Select(SlotTableMapping.ToProto));
            bytes += report.CalculateSize();
            if (bytes > MaxBytes)
            {
                yield break;
            }

            yield return report;
        }
    }

    /// <summary>Slots by id of the backend set; those with a mistake are left out.</summary>
    public static ImmutableDictionary<string, ImmutableArray<SlotAssignment>> ToCore(IEnumerable<Proto.PublishedSlots> reports)
    {
        var result = ImmutableDictionary.CreateBuilder<string, ImmutableArray<SlotAssignment>>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            var problems = new ProblemList();
            var slots = SlotTableMapping.Read(report.Tables, new ObjectReader(report.BackendSetId, problems));
            if (problems.IsEmpty)
            {
                result[report.BackendSetId] = slots;
            }
        }

        return result.ToImmutable();
    }
}
