using System.Globalization;
using System.Net;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Lets endpoints of pools with a slow start have a growing part of their weight from the moment they became ready. An
/// endpoint that takes no connections has the first part already: the agents bring it back before the controller hears of it.
/// </summary>
internal sealed class SlowStarts
{
    private Dictionary<string, Dictionary<IPEndPoint, Warming>> _sets = new(StringComparer.Ordinal);

    /// <summary>When some weight grows next; null for never.</summary>
    public TimeSpan? NextStep { get; private set; }

    /// <summary>Forgets everything: what is ready now has its whole weight.</summary>
    public void Begin() => (_sets, NextStep) = (new(StringComparer.Ordinal), null);

    /// <summary>The snapshot with the weights of the moment.</summary>
    /// <param name="pools">That the backend sets are of.</param>
    /// <param name="clock">Monotonic.</param>
    /// <param name="now">For people.</param>
    public ClusterSnapshot Apply(
        ClusterSnapshot snapshot, IEnumerable<PoolEvaluation> pools, EndpointStates states, TimeSpan clock, DateTimeOffset now)
    {
        var before = _sets;
        _sets = new(StringComparer.Ordinal);
        NextStep = null;
        var windows = pools.Where(pool => pool.Settings.SlowStart > TimeSpan.Zero)
            .SelectMany(pool => pool.Sets.Select(set => (set.Id, Window: pool.Settings.SlowStart)))
            .ToDictionary(pair => pair.Id, pair => pair.Window, StringComparer.Ordinal);
        return windows.Count == 0
            ? snapshot
            : snapshot with
            {
                BackendSets =
                [
                    .. snapshot.BackendSets.Select(set =>
                        windows.TryGetValue(set.Id, out var window) && !KeepsClients(set)
                            ? Weigh(set, window, before.GetValueOrDefault(set.Id), states, clock, now)
                            : set),
                ],
            };
    }

    /// <summary>The pool with what people are to know of its endpoints.</summary>
    public PoolEvaluation Describe(PoolEvaluation pool, TimeSpan clock)
    {
        if (pool.Settings.SlowStart == TimeSpan.Zero)
        {
            return pool;
        }

        var remarks = pool.Remarks;
        foreach (var set in pool.Sets)
        {
            foreach (var (backend, warming) in _sets.GetValueOrDefault(set.Id) ?? [])
            {
                if (warming.Since is { } since && clock - since < pool.Settings.SlowStart && !remarks.ContainsKey(backend))
                {
                    remarks = remarks.Add(backend, string.Create(
                        CultureInfo.InvariantCulture, $"slow start: its whole weight from {warming.Ends:yyyy-MM-ddTHH:mm:ssZ} on"));
                }
            }
        }

        return remarks == pool.Remarks ? pool : pool with { Remarks = remarks };
    }

    /// <summary>A change of weights would move clients that are to stay.</summary>
    private static bool KeepsClients(BackendSet set) =>
        set.ClientAffinityTimeout is not null || set.Algorithm == BalancingAlgorithm.SourceIpHash;

    private BackendSet Weigh(
        BackendSet set,
        TimeSpan window,
        Dictionary<IPEndPoint, Warming>? before,
        EndpointStates states,
        TimeSpan clock,
        DateTimeOffset now)
    {
        var current = new Dictionary<IPEndPoint, Warming>();
        _sets.Add(set.Id, current);
        var percents = new int[set.Backends.Length];
        for (var i = 0; i < percents.Length; i++)
        {
            var backend = set.Backends[i];
            var warming = Warming.Cold;
            if (states.Of(set.Id, backend).State == EndpointState.Ready)
            {
                warming = before is null ? Warming.Warm
                    : before.TryGetValue(backend.EndPoint, out var known) && known.Ready ? known
                    : new Warming(true, clock, now + window);
            }

            current[backend.EndPoint] = warming;
            percents[i] = PercentOf(warming, window, clock);
        }

        return Array.TrueForAll(percents, percent => percent == 100) ? set : Scale(set, percents);
    }

    private int PercentOf(Warming warming, TimeSpan window, TimeSpan clock)
    {
        if (warming.Since is not { } since)
        {
            return warming.Ready ? 100 : SlowStartRule.FirstPercent;
        }

        if (SlowStartRule.UntilNext(clock - since, window) is { } next && !(NextStep <= clock + next))
        {
            NextStep = clock + next;
        }

        return SlowStartRule.PercentAfter(clock - since, window);
    }

    /// <summary>Weights are whole numbers: all of the set grow, so that a tenth of 1 is one.</summary>
    private static BackendSet Scale(BackendSet set, int[] percents)
    {
        var scale = Math.Min(1, Backend.MaxWeight / (100.0 * Math.Max(1, set.Backends.Max(backend => backend.Weight))));
        return set with
        {
            Backends =
            [
                .. set.Backends.Select((backend, i) => backend.Weight == 0
                    ? backend
                    : backend with { Weight = Math.Max(1, (int)(backend.Weight * percents[i] * scale)) }),
            ],
        };
    }

    /// <param name="Ready">Takes connections.</param>
    /// <param name="Since">On the clock; null when it has been ready for as long as is known, or is not.</param>
    /// <param name="Ends">When it has its whole weight.</param>
    private readonly record struct Warming(bool Ready, TimeSpan? Since, DateTimeOffset Ends)
    {
        public static readonly Warming Cold = new(false, null, default);
        public static readonly Warming Warm = new(true, null, default);
    }
}
