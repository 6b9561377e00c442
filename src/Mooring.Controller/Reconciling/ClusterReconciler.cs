using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Controller.Agents;
using Mooring.Controller.Allocation;
using Mooring.Controller.Snapshots;
using Mooring.Controller.LoadBalancers;
using Mooring.Controller.Reporting;
using Mooring.Controller.Trust;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Delta = Mooring.Protocol.V1Alpha1.Delta;

namespace Mooring.Controller.Reconciling;

/// <summary>
/// What the leader does: reads the world after each change, publishes what follows from it under the next revision,
/// and has the status and the Events written.
/// </summary>
internal sealed partial class ClusterReconciler(
    WorldReader world,
    AgentRegistry agents,
    HeartbeatKeyStore keyStore,
    CertificateAuthorityStore authorities,
    StatusWriter statuses,
    StatusReporter reporter,
    EventReporter events,
    ClaimWriter claims,
    ServiceWriter services,
    ControllerMetrics metrics,
    IOptionsMonitor<ControllerOptions> options,
    TimeProvider time,
    ILogger<ClusterReconciler> logger)
{
    /// <summary>Changes that come together are taken together. A verdict still reaches the agents in milliseconds.</summary>
    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(5);

    /// <summary>In a large cluster the pause is as long as the work, so that it takes half of one core at most.</summary>
    private static readonly TimeSpan MaxDebounce = TimeSpan.FromMilliseconds(100);

    /// <summary>How often agents that are away, and stories that are still to come, are looked after.</summary>
    private static readonly TimeSpan SoonCheck = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Changes of nothing but a status of ours, which mostly are what was just written: it is enough to see now and then that
    /// they are what they should be.
    /// </summary>
    private static readonly TimeSpan StatusDelay = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(10);

    private ImmutableDictionary<IPAddress, NamespacedName> _owners =
        ImmutableDictionary<IPAddress, NamespacedName>.Empty;

    private ImmutableDictionary<IPAddress, AddressMove> _moves = ImmutableDictionary<IPAddress, AddressMove>.Empty;

    private ImmutableDictionary<EndpointKey, TimeSpan> _departures = ImmutableDictionary<EndpointKey, TimeSpan>.Empty;

    private readonly LoadWeigher _weigher = new();
    private BuildMemory _memory = new();
    private SlotAssigner _assigner = new(PublishedTables.None.Slots);
    private readonly SlowStarts _slowStarts = new();

    /// <summary>Works until cancelled: for as long as this replica leads.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await world.WaitForSyncAsync(cancellationToken);
        await keyStore.BeginAsync(cancellationToken);
        var nodes = world.Read(AgentsView.Empty, _owners, keyStore.Current).Nodes.Select(node => node.Metadata.Name ?? "");
        var adoption = Adoption.From(
            world.VirtualIps.List(), nodes, time.GetUtcNow(), options.CurrentValue.FailureHalfLife);
        _owners = adoption.Owners;
        events.Reset();
        reporter.Reset();
        _memory = new BuildMemory();
        _moves = ImmutableDictionary<IPAddress, AddressMove>.Empty;
        _departures = ImmutableDictionary<EndpointKey, TimeSpan>.Empty;
        agents.Begin(adoption.Holders, adoption.Nodes, adoption.Failures);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = Task.WhenAll(
            statuses.RunAsync(ending.Token),
            claims.RunAsync(ending.Token),
            services.RunAsync(ending.Token),
            keyStore.RunAsync(ending.Token),
            authorities.RunAsync(agents.Changed, ending.Token));
        try
        {
            using var later = new DelayedSignal(agents.Changed, StatusDelay, time);
            using var subscription = world.Subscribe(agents.Changed, later);
            using var reconfigured = options.OnChange(_ => agents.Changed.Raise());
            await WaitForAgentsAsync(adoption, cancellationToken);
            _assigner = new SlotAssigner(agents.Adopted.Slots);
            _weigher.Begin(agents.Adopted.Weights, Clock);
            _slowStarts.Begin();
            await LoopAsync(cancellationToken);
        }
        finally
        {
            agents.End();
            metrics.LeadsNoMore();
            await ending.CancelAsync();
            await writing;
        }
    }

    /// <summary>Places nothing before it is known who holds what, or the agents had time enough to say so.</summary>
    private async Task WaitForAgentsAsync(Adoption adoption, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (!agents.AllConnected())
        {
            var left = options.CurrentValue.AdoptionGrace - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                Log.NotAllBack(logger, adoption.Nodes.Count, options.CurrentValue.AdoptionGrace);
                break;
            }

            await agents.Changed.WaitAsync(left, time, cancellationToken);
        }

        Log.Adopted(logger, adoption.Owners.Count, adoption.Nodes.Count);
        agents.Changed.Raise();
    }

    private async Task LoopAsync(CancellationToken cancellationToken)
    {
        var soon = true;
        var pause = Debounce;
        BuildResult? result = null;
        while (true)
        {
            var changed = await WaitAsync(soon, result?.NextCheck, cancellationToken);
            soon = agents.Expire();
            if (_weigher.NextStep <= Clock)
            {
                changed |= _weigher.Step(agents.View(), agents.Published?.Snapshot, Clock);
            }

            if (changed || result?.NextCheck <= Clock || _slowStarts.NextStep <= Clock)
            {
                await Task.Delay(pause, time, cancellationToken);
                await authorities.EnsureAsync(world.BackendPools.List(), cancellationToken);
                var start = time.GetTimestamp();
                result = TryReconcile() ?? (result is null ? null : result with { NextCheck = null });
                pause = TimeSpan.FromTicks(
                    Math.Clamp(time.GetElapsedTime(start).Ticks, Debounce.Ticks, MaxDebounce.Ticks));
            }

            soon |= result is not null && TellEvents(result);
        }
    }

    /// <returns>True when something changed; false when it is time to look again.</returns>
    private async Task<bool> WaitAsync(bool soon, TimeSpan? nextCheck, CancellationToken cancellationToken)
    {
        var wait = soon ? SoonCheck : MaxWait;
        foreach (var next in (TimeSpan?[])[nextCheck, _weigher.NextStep, _slowStarts.NextStep])
        {
            if (next is { } at && at - Clock < wait)
            {
                wait = at - Clock;
            }
        }

        return wait > TimeSpan.Zero && await agents.Changed.WaitAsync(wait, time, cancellationToken);
    }

    private static TimeSpan Earlier(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    private TimeSpan Clock => time.GetElapsedTime(0);

    /// <summary>One fault, such as an object no one foresaw, must not take the stream of every agent with it.</summary>
    private BuildResult? TryReconcile()
    {
        metrics.Started();
        try
        {
            return Reconcile();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            metrics.Failed();
            Log.Failed(logger, e);
            return null;
        }
        finally
        {
            metrics.Ended();
        }
    }

    private BuildResult Reconcile()
    {
        var view = agents.View();

        // Before the claims are read: one that is written in between is in both rather than in neither.
        var pending = claims.Pending;
        var read = world.Read(view, _owners, keyStore.Current);
        read = read with
        {
            PendingClaims = pending,
            AddressClaims = claims.Overlay(read.AddressClaims),
            Moves = _moves,
            Departures = _departures,
            Authorities = authorities.Current,
            Published = agents.Published?.Snapshot,
            Policy = PlacementPolicy.From(options.CurrentValue),
            Now = time.GetUtcNow(),
            Clock = Clock,
        };
        var result = SnapshotBuilder.Build(read, _memory);
        _owners = result.AddressOwners;
        (_moves, _departures) = (result.Moves, result.Departures);
        var states = new EndpointStates(result.VirtualIps, view);
        Publish(result, states);
        agents.Await(
            [.. result.Moves.Values.Where(move => move.Stage == MoveStage.Preparing).Select(move => move.To)], view);
        claims.Submit(result.ClaimChanges);
        agents.Probe(result.Probes, result.Taken);
        services.Submit(ServicePlanner.Plan(
            read, result.VirtualIps, result.AddressPools, options.CurrentValue.DefaultLoadBalancer));
        var described = result with { Pools = [.. result.Pools.Select(pool => _slowStarts.Describe(pool, Clock))] };
        return reporter.Report(described, view, states)
            ? result with { NextCheck = Earlier(result.NextCheck, Clock + StatusWriter.RepairAfter) } : result;
    }

    private void Publish(BuildResult result, EndpointStates states)
    {
        var last = agents.Published?.Snapshot;
        var highest = Math.Max(agents.MaxAppliedRevision, last?.Revision ?? 0);

        // The wall clock only makes a revision of a new leader exceed those of leaders before it, whose agents may be
        // away; within one leadership, and against every agent that is there, it is simply the next number.
        var revision = Math.Max(highest + 1, last is null ? (ulong)time.GetUtcNow().ToUnixTimeMilliseconds() : 0);
        var weighed = _slowStarts.Apply(
            _weigher.Apply(result.Snapshot with { Revision = revision }, states), result.Pools, states, Clock, time.GetUtcNow());
        var snapshot = _assigner.Assign(weighed, states, generation: revision);
        var behind = last is not null && highest > last.Revision;
        if (last is not null && !behind && SnapshotDiff.Compute(last, snapshot) is { } delta && IsEmpty(delta))
        {
            return;
        }

        var named = result.VirtualIps.SelectMany(vip => vip.Settings.Addresses).ToHashSet();
        agents.Publish(snapshot, named);
        keyStore.Published(snapshot.HeartbeatKeys, revision);
        Log.Published(logger, revision, snapshot.VirtualIps.Length, snapshot.BackendSets.Length, snapshot.Nodes.Length);
    }

    /// <returns>True when there are more to tell soon.</returns>
    private bool TellEvents(BuildResult result)
    {
        var more = agents.Drain(out var moves, out var conflicts);
        if (moves.Count == 0 && conflicts.Count == 0)
        {
            return more;
        }

        var owners = result.VirtualIps
            .Where(vip => vip.Accepted)
            .SelectMany(vip => vip.Settings.Addresses.Select(address => (Address: address, vip.Settings.Resource)))
            .DistinctBy(entry => entry.Address)
            .ToDictionary(entry => entry.Address, entry => entry.Resource);
        foreach (var move in moves)
        {
            metrics.Moved(move.Reason);
            Log.Moved(logger, move.Address, move.From ?? "nobody", move.To.Node, move.To.Term, move.Reason ?? "");
            if (owners.TryGetValue(move.Address, out var vip))
            {
                events.Moved(vip, move);
            }
        }

        foreach (var conflict in conflicts)
        {
            if (owners.TryGetValue(conflict.Address, out var vip))
            {
                events.Conflict(vip, conflict);
            }
        }

        return more;
    }

    private static bool IsEmpty(Delta delta) =>
        delta.Nodes.Count + delta.RemovedNodes.Count + delta.VirtualIps.Count + delta.RemovedVirtualIps.Count
        + delta.BackendSets.Count + delta.RemovedBackendSets.Count + delta.HeartbeatKeys.Count == 0;

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Published revision {Revision}: {Vips} VirtualIps, {Sets} backend sets, {Nodes} nodes")]
        public static partial void Published(ILogger logger, ulong revision, int vips, int sets, int nodes);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Address} moved from {From} to {Node}, term {Term} {Reason}")]
        public static partial void Moved(
            ILogger logger, IPAddress address, string from, string node, ulong term, string reason);

        [LoggerMessage(
            Level = LogLevel.Error, Message = "Cannot compute a snapshot; agents keep the last one until something changes")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Information, Message = "Leading; adopted {Addresses} addresses on {Nodes} nodes")]
        public static partial void Adopted(ILogger logger, int addresses, int nodes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Not all agents of {Nodes} nodes came back within {Grace}")]
        public static partial void NotAllBack(ILogger logger, int nodes, TimeSpan grace);
    }
}
