using System.Collections.Immutable;

namespace Mooring.Core.Health;

/// <summary>What this node tells the others, and what of it they have not been told yet.</summary>
public sealed class OwnVerdicts
{
    private readonly Dictionary<ulong, VerdictRecord> _records = [];
    private readonly Dictionary<ulong, VerdictRecord> _untold = [];

    public ulong Digest { get; private set; }

    public int Count => _records.Count;

    public ImmutableArray<VerdictRecord> All => [.. _records.Values];

    /// <summary>Takes a verdict.</summary>
    public void Set(VerdictRecord record)
    {
        if (_records.TryGetValue(record.Endpoint, out var before))
        {
            if (before == record)
            {
                return;
            }

            Digest ^= before.Digest;
        }

        _records[record.Endpoint] = record;
        Digest ^= record.Digest;
        _untold[record.Endpoint] = record;
    }

    /// <summary>These are all verdicts there are.</summary>
    public void SetAll(IReadOnlyCollection<VerdictRecord> records)
    {
        var present = records.Select(record => record.Endpoint).ToHashSet();
        foreach (var gone in _records.Keys.Where(endpoint => !present.Contains(endpoint)).ToArray())
        {
            Digest ^= _records[gone].Digest;
            _records.Remove(gone);
            _untold[gone] = new VerdictRecord(gone, Healthy: true, Holder: false, Gone: true);
        }

        foreach (var record in records)
        {
            Set(record);
        }
    }

    /// <summary>What is to be told, once.</summary>
    public ImmutableArray<VerdictRecord> TakeUntold()
    {
        ImmutableArray<VerdictRecord> untold = [.. _untold.Values];
        _untold.Clear();
        return untold;
    }

    /// <summary>The same endpoints as they are now, to be told again in case a packet was lost.</summary>
    public ImmutableArray<VerdictRecord> Now(IEnumerable<VerdictRecord> told) =>
    [
        .. told.Select(record => _records.TryGetValue(record.Endpoint, out var now)
            ? now
            : new VerdictRecord(record.Endpoint, Healthy: true, Holder: false, Gone: true)),
    ];
}
