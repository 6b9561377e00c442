using System.Collections.Immutable;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane.Flows;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Agent.DataPlane.Tables;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Netlink;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Forwards by nftables, in Direct mode with routes and tunnels beside. What it leaves in the kernel outlives the process: a
/// restarted agent reads it back and goes on from there, so its restart cuts no traffic.
/// </summary>
internal sealed partial class NftablesDataPlane : IDataPlane
{
    /// <summary>For so long after a change a packet of an unknown flow may belong to one that another node will know.</summary>
    private static readonly TimeSpan Convergence = TimeSpan.FromSeconds(10);

    private readonly DataPlaneOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<NftablesDataPlane> _logger;
    private readonly ForwardingSettings _settings;
    private readonly NftablesSession _session;
    private readonly NftablesTable _table;
    private readonly DirectPaths _paths;
    private readonly SourceRangeTable _sources;
    private readonly ServiceNumbers _numbers = new();
    private readonly TablePlanner _planner;
    private readonly StaleFlowCutting _flows;
    private readonly SemaphoreSlim _owner = new(1, 1);
    private ImmutableSortedSet<string> _held = TablePlan.Set();
    private DataPlaneState _desired = DataPlaneState.Empty;
    private long _changedAt;
    private bool _forwardsIPv6;

    /// <summary>Services were left as they are for want of something, at the last apply.</summary>
    private bool _withheld;

    /// <summary>Without Direct mode: leftovers have been looked for.</summary>
    private bool _pathsKnown;

    /// <summary>Text of the paths that the kernel has, as long as no notification says otherwise.</summary>
    private string? _ensured;
    private bool _pruneDue;
    private RouteMonitor? _routes;

    public NftablesDataPlane(DataPlaneOptions options, TimeProvider time, ILogger<NftablesDataPlane> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _settings = new ForwardingSettings(options.SysctlDirectory);
        _session = new NftablesSession(options.Table, SourceRangeSchema.NameOf(options.Table));
        _table = new NftablesTable(_session, options.Table, options.MaxElementsPerTransaction, time, logger);
        _paths = new DirectPaths(options.SysctlDirectory);
        _sources = new SourceRangeTable(_session, options.Table);
        _planner = new TablePlanner(_numbers);
        _flows = new StaleFlowCutting(options.Namespace, time, exception => Log.StaleFlowsKept(logger, exception));
    }

    /// <summary>Removes our tables, devices, routes and rules, if they are there.</summary>
    public static void Cleanup(string table)
    {
        using var nftables = new NftablesContext();
        nftables.Run(
            IngressSchema.RemoveTable(table, nftables.List("list tables")) + DirectSchema.RemoveSecond(table)
            + TableSchema.Remove(table) + SourceRangeSchema.Remove(table));
        new DirectPaths("").Prune(null);
        DirectProbe.Cleanup();
    }

    public Task<DataPlaneProbe> ProbeAsync(CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                var problems = _settings.Ensure();
                try
                {
                    Open();
                    return DirectProbe.Problem(_options.SysctlDirectory) is { } problem
                        ? new DataPlaneProbe([ForwardingMode.Nat], [.. problems, DirectProblem.Prefix + problem])
                        : new DataPlaneProbe([ForwardingMode.Nat, ForwardingMode.Direct], problems);
                }
                catch (DllNotFoundException)
                {
                    return new DataPlaneProbe([], [.. problems, "libnftables.so.1 is missing: install libnftables1"]);
                }
                catch (NftablesException exception)
                {
                    return new DataPlaneProbe([], [.. problems, $"nftables refused our table: {exception.Message}"]);
                }
            },
            cancellationToken);

    public Task<ApplyResult> ApplyAsync(DataPlaneState desired, CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                _desired = desired;
                return Apply();
            },
            cancellationToken);

    public Task SetHolderAsync(IPAddress address, bool held, CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                var text = NftablesText.Of(address);
                if (_held.Contains(text) == held)
                {
                    return false;
                }

                _held = held ? _held.Add(text) : _held.Remove(text);
                Open();
                _table.SetHeld(text, held);
                return true;
            },
            cancellationToken);

    public Task<VerifyResult> VerifyAsync(CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                Open();
                var drift = PathDrift().AddRange(_table.Drift());
                if (_sources.Drift() is { } culprit)
                {
                    drift = drift.Add($"table inet {SourceRangeSchema.NameOf(_options.Table)} was changed by {culprit}");
                }

                var repair = drift.IsEmpty ? null : Apply();
                if (_flows.Due)
                {
                    _flows.Advance(_desired);
                }

                _table.SetLost(resets: _time.GetElapsedTime(_changedAt) > Convergence);
                return new VerifyResult(drift) { Repair = repair };
            },
            cancellationToken);

    public async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        using var other = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(
            _session.WaitForChangeAsync(other.Token),
            _routes?.WaitForChangeAsync(other.Token) ?? Task.Delay(Timeout.Infinite, other.Token)).ConfigureAwait(false);
        await other.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public Task<IReadOnlyList<ServiceCounters>> CountersAsync(CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                Open();
                return _table.Counters();
            },
            cancellationToken);

    /// <summary>Completes when the flows to backends that are gone are cut.</summary>
    public Task FlowsCut => _flows.Done;

    /// <summary>Leaves the kernel as it is.</summary>
    public async ValueTask DisposeAsync()
    {
        await _flows.DisposeAsync().ConfigureAwait(false);
        _session.Dispose();
        _routes?.Dispose();
        _owner.Dispose();
    }

    /// <summary>
    /// One caller at a time, off the caller's thread: a large transaction takes a while. The kernel is never left
    /// half-way, so cancellation is only looked at before the start.
    /// </summary>
    private async Task<T> OwnedAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        await _owner.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(
                () => _options.Namespace is { } other ? other.Run(work) : work(), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _owner.Release();
        }
    }

    private void Open()
    {
        _routes ??= RouteMonitor.Open();
        _session.Open();
        _table.Open(found =>
        {
            _flows.Adopt(found);
            _numbers.Adopt(found);
        });
    }

    private ApplyResult Apply()
    {
        Open();
        var failed = ImmutableArray.CreateBuilder<(ForwardedService Service, string Error)>();
        var restricted = TryRestrict(failed);
        var paths = PathPlan.Of(_desired);
        var reached = paths is null || TryEnsurePaths(paths, failed);
        var changes = new PlanChanges();
        var target = _planner.Plan(_desired, _held, changes);
        if (_withheld || failed.Count > 0)
        {
            _table.CompareAll();
        }

        _withheld = failed.Count > 0;
        if (_withheld)
        {
            target = WithheldServices.Apply(
                target, _table.Kernel, failed.Select(one => one.Service), service => service.SourceRanges is not null && !_sources.InForce, reached);
        }

        var pending = _table.Pending(target, changes);
        if (pending.Any(key => target.Services.TryGetValue(key, out var plan)
            && !Equals(plan.Direct, _table.Kernel.Services.GetValueOrDefault(key)?.Direct)))
        {
            _changedAt = _time.GetTimestamp();
            _table.SetLost(resets: false);
        }

        var byKey = new Lazy<Dictionary<string, ForwardedService>>(
            () => _desired.Services.ToDictionary(TablePlanner.Key, StringComparer.Ordinal));
        var changed = _table.Commit(target, pending, (key, error) =>
        {
            if (byKey.Value.TryGetValue(key, out var refused))
            {
                failed.Add((refused, error));
            }
        });
        PrunePaths(paths);
        var problems = Settle();
        if (restricted)
        {
            problems = problems.AddRange(Unrestrict());
        }

        if (_table.TakeRebuilt())
        {
            _flows.RulesWereAway();
        }

        _flows.Advance(_desired, failed.Select(one => TablePlanner.Key(one.Service)).ToHashSet(StringComparer.Ordinal));
        return new ApplyResult(changed, failed.ToImmutable()) { Problems = problems };
    }

    /// <summary>Before services are opened: those whose source ranges the kernel refuses are not.</summary>
    private bool TryRestrict(ImmutableArray<(ForwardedService, string)>.Builder failed)
    {
        try
        {
            _sources.EnsureBefore(_desired.Services);
            return true;
        }
        catch (NftablesException exception)
        {
            failed.AddRange(_desired.Services.Where(service => service.SourceRanges is not null)
                .Select(service => (service, $"source ranges: {exception.Message}")));
            return false;
        }
    }

    /// <summary>After services were closed. What is left over shuts clients out, and lets nobody in.</summary>
    private ImmutableArray<string> Unrestrict()
    {
        try
        {
            _sources.Ensure(_desired.Services);
            return [];
        }
        catch (NftablesException exception)
        {
            return [$"source ranges that are not wanted any more could not be removed: {exception.Message}"];
        }
    }

    /// <returns>False when they cannot be had: services that need them are not changed.</returns>
    private bool TryEnsurePaths(PathPlan paths, ImmutableArray<(ForwardedService, string)>.Builder failed)
    {
        try
        {
            EnsurePaths(paths);
            return true;
        }
        catch (Exception exception) when (exception is SystemCallException or NftablesException or IOException)
        {
            failed.AddRange(_desired.Services.Where(service => service.Direct is not null)
                .Select(service => (service, $"direct forwarding: {exception.Message}")));
            return false;
        }
    }

    private ImmutableArray<string> PathDrift()
    {
        try
        {
            return PathPlan.Of(_desired) is { } plan ? EnsurePaths(plan) : [];
        }
        catch (Exception exception) when (exception is SystemCallException or NftablesException or IOException)
        {
            return [$"paths to other nodes: {exception.Message}"];
        }
    }

    private ImmutableArray<string> EnsurePaths(PathPlan plan)
    {
        ImmutableArray<string> done = [];
        var text = plan.Dump();
        var look = _routes!.TakeChange();
        if (look || text != _ensured)
        {
            // Looking takes a dump of every route of the node, so not for every change of an endpoint.
            _ensured = null;
            done = _paths.Ensure(plan);
            (_ensured, _pruneDue) = (text, true);
        }

        _table.EnsureDirect(renew: _paths.SecondTunnelIsNew);
        _paths.SecondTunnelIsKnown();
        _table.SetClamp(plan.SegmentV4, plan.IPv6 ? plan.SegmentV6 : null);
        return _table.Ingress.Set(plan, look) ? done.Add(IngressTable.Drift) : done;
    }

    private void PrunePaths(PathPlan? plan)
    {
        // Without Direct mode there is nothing to look for, but for what an earlier run may have left.
        if (plan is null ? _pathsKnown : !_pruneDue)
        {
            return;
        }

        try
        {
            if (plan is null)
            {
                _table.EndDirect();
            }

            _paths.Prune(plan);
            (_pathsKnown, _pruneDue) = (plan is null, false);
            _ensured = plan is null ? null : _ensured;
        }
        catch (Exception exception) when (exception is SystemCallException or NftablesException)
        {
            // They do no harm, and the next change tries again.
            Log.PathsLeft(_logger, exception);
        }
    }

    /// <summary>Forwarding of a family is switched on with its first address.</summary>
    private ImmutableArray<string> Settle()
    {
        if (_forwardsIPv6 || !_desired.Traits.HasFlag(ServiceTraits.IPv6))
        {
            return [];
        }

        var problems = _settings.EnsureIPv6();
        _forwardsIPv6 = problems.IsEmpty;
        return problems;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Flows to removed backends could not be cut")]
        public static partial void StaleFlowsKept(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Routes and rules that are not needed any more could not be removed")]
        public static partial void PathsLeft(ILogger logger, Exception exception);
    }
}
