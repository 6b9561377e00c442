using System.Diagnostics.Metrics;
using Mooring.Controller.Agents;
using Mooring.Controller.Snapshots;
using Mooring.Core.Placement;

namespace Mooring.Controller.Reconciling;

/// <summary>The cluster as the leader sees it; a replica that does not lead tells of none of it.</summary>
internal sealed class ControllerMetrics
{
    public const string MeterName = "Mooring.Controller";

    private readonly TimeProvider _time;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _moves;
    private volatile Sight? _sight;
    private long _started;

    public ControllerMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram<double>(
            "mooring_reconcile_duration_seconds", "s", "How long it took to compute a snapshot and all status.");
        _failures = meter.CreateCounter<long>(
            "mooring_reconcile_failures_total", description: "Snapshots that could not be computed; agents kept the last one.");
        _moves = meter.CreateCounter<long>(
            "mooring_failovers_total", description: "Changes of holder that agents told of, by reason.");
        Gauge(meter, "mooring_virtual_ips", "VirtualIps by their condition Ready.", static sight => sight.VirtualIps
            .Select(entry => new Measurement<long>(entry.Value, new KeyValuePair<string, object?>("ready", entry.Key))));
        Gauge(meter, "mooring_backends", "Endpoints of all pools, by whether they get new connections.", static sight =>
        [
            new(sight.ReadyBackends, new KeyValuePair<string, object?>("ready", "True")),
            new(sight.Backends - sight.ReadyBackends, new KeyValuePair<string, object?>("ready", "False")),
        ]);
        Gauge(meter, "mooring_agents", "Agents by whether they are connected.", static sight => Enum.GetValues<AgentPresence>()
            .Select(presence => new Measurement<long>(
                sight.View.Agents.Values.Count(agent => agent.Presence == presence),
                new KeyValuePair<string, object?>("presence", presence.ToString()))));
        Gauge(meter, "mooring_agents_refusing", "Agents that could not do all of the snapshot.",
            static sight => [new(sight.View.Refusals.Count)]);
        Gauge(meter, "mooring_contested_addresses", "Addresses that a machine other than the holder claims.",
            static sight => [new(sight.View.Contested.Count)]);
        Gauge(meter, "mooring_moves_in_flight", "Planned moves of addresses under way.",
            static sight => [new(sight.Result.Moves.Count)]);
        Gauge(meter, "mooring_address_pool_addresses", "Addresses of each pool, by state.", static sight =>
            sight.Result.AddressPools.SelectMany(pool => new Measurement<long>[]
            {
                new(pool.Assigned, new("pool", pool.Settings.Name), new("state", "assigned")),
                new(
                    pool.Available > long.MaxValue ? long.MaxValue : (long)pool.Available,
                    new("pool", pool.Settings.Name), new("state", "available")),
                new(pool.Occupied.Length, new("pool", pool.Settings.Name), new("state", "occupied")),
            }));
    }

    /// <summary>Longer than the largest cluster takes by far.</summary>
    private static readonly TimeSpan Hung = TimeSpan.FromMinutes(2);

    /// <summary>What is wrong with the reconciler itself, null while it gets on.</summary>
    public string? Problem =>
        Interlocked.Read(ref _started) is not 0 and var started && _time.GetElapsedTime(started) > Hung
            ? $"a snapshot has been in the making for {_time.GetElapsedTime(started).TotalSeconds:0} s" : null;

    public void Started() => Interlocked.Exchange(ref _started, _time.GetTimestamp());

    public void Ended()
    {
        var started = Interlocked.Exchange(ref _started, 0);
        _duration.Record(_time.GetElapsedTime(started).TotalSeconds);
    }

    public void Failed() => _failures.Add(1);

    public void Moved(string? reason) => _moves.Add(1, new KeyValuePair<string, object?>("reason", reason ?? "Unknown"));

    /// <summary>What has just been published and written.</summary>
    /// <param name="readiness">The condition Ready of each VirtualIp.</param>
    public void Saw(BuildResult result, AgentsView view, IEnumerable<string> readiness, int readyBackends, int backends) =>
        _sight = new Sight(
            result,
            view,
            readiness.Concat(["True", "False"]).CountBy(ready => ready).ToDictionary(
                entry => entry.Key, entry => (long)entry.Value - (entry.Key is "True" or "False" ? 1 : 0)),
            readyBackends,
            backends);

    /// <summary>This replica does not lead any more: what it knew is another's to tell.</summary>
    public void LeadsNoMore() => _sight = null;

    private void Gauge(Meter meter, string name, string description, Func<Sight, IEnumerable<Measurement<long>>> values) =>
        meter.CreateObservableGauge(name, () => _sight is { } sight ? values(sight) : [], description: description);

    private sealed record Sight(
        BuildResult Result, AgentsView View, Dictionary<string, long> VirtualIps, int ReadyBackends, int Backends);
}
