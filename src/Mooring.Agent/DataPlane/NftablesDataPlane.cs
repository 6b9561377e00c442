using System.Collections.Immutable;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Forwards by nftables in Nat mode. What it leaves in the kernel outlives the process: a restarted agent reads the
/// table back and goes on from there, so its restart cuts no traffic.
/// </summary>
internal sealed partial class NftablesDataPlane(DataPlaneOptions options, ILogger<NftablesDataPlane> logger) : IDataPlane
{
    private readonly ForwardingSettings _settings = new(options.SysctlDirectory);
    private readonly StaleFlows _staleFlows = new();
    private readonly SemaphoreSlim _owner = new(1, 1);
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);

    private NftablesContext? _nftables;
    private DataPlaneState _desired = DataPlaneState.Empty;
    private bool _forwardsIPv6;

    /// <summary>What the kernel has, as far as is known; null before it was read.</summary>
    private TablePlan? _kernel;

    /// <summary>The fixed rules as the kernel printed them when they were made.</summary>
    private string _rules = "";

    /// <summary>Removes our table, if it is there.</summary>
    public static void Cleanup(string table)
    {
        using var nftables = new NftablesContext();
        nftables.Run(TableSchema.Remove(table));
    }

    public Task<DataPlaneProbe> ProbeAsync(CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                var problems = _settings.Ensure();
                try
                {
                    Open();
                    return new DataPlaneProbe([ForwardingMode.Nat], problems);
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
                var changed = held ? _held.Add(NftablesText.Of(address)) : _held.Remove(NftablesText.Of(address));
                if (changed)
                {
                    Open();
                    var before = _kernel!;
                    var after = before with { Held = TablePlan.Set(_held) };
                    _nftables!.Run(new TableTransaction(options.Table).Shared(before, after).ToString());
                    _kernel = after;
                }

                return changed;
            },
            cancellationToken);

    public Task<VerifyResult> VerifyAsync(CancellationToken cancellationToken) =>
        OwnedAsync(
            () =>
            {
                Open();
                var drift = Drift();
                if (!drift.IsEmpty)
                {
                    foreach (var difference in drift)
                    {
                        Log.Drift(logger, options.Table, difference);
                    }

                    Apply();
                }

                return new VerifyResult(drift);
            },
            cancellationToken);

    public Task<IReadOnlyList<ServiceCounters>> CountersAsync(CancellationToken cancellationToken) =>
        OwnedAsync<IReadOnlyList<ServiceCounters>>(
            () =>
            {
                Open();
                return
                [
                    .. CounterReader.Parse(_nftables!.ListJson($"list map inet {options.Table} services")),
                    .. CounterReader.Parse(_nftables!.ListJson($"list map inet {options.Table} services6")),
                ];
            },
            cancellationToken);

    /// <summary>Leaves the kernel as it is.</summary>
    public ValueTask DisposeAsync()
    {
        _nftables?.Dispose();
        _owner.Dispose();
        return ValueTask.CompletedTask;
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
                () => options.Namespace is { } other ? other.Run(work) : work(), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _owner.Release();
        }
    }

    private void Open()
    {
        _nftables ??= new NftablesContext();
        if (_kernel is not null)
        {
            return;
        }

        if (KernelTable.Read(_nftables, options.Table) is { } found)
        {
            _staleFlows.Adopt(found);
            Load(found);
            Log.Adopted(logger, options.Table, found.Services.Count);
        }
        else
        {
            Rebuild();
        }
    }

    private void Rebuild()
    {
        _nftables!.Run(TableSchema.Remove(options.Table) + TableSchema.Create(options.Table));
        Load(TablePlan.Empty);
        Log.Created(logger, options.Table);
    }

    private void Load(TablePlan kernel)
    {
        _rules = KernelTable.ReadRules(_nftables!, options.Table);
        _kernel = kernel;
    }

    private ApplyResult Apply()
    {
        Open();
        var target = TablePlanner.Plan(_desired, _held);
        var changed = TableComparison.ChangedServices(_kernel!, target);
        var failed = ImmutableArray.CreateBuilder<(ForwardedService, string)>();
        Commit(target, changed, failed);
        foreach (var (service, error) in failed)
        {
            Log.Refused(logger, TablePlanner.Key(service), error);
        }

        var gone = _staleFlows.Advance(_desired);
        try
        {
            StaleFlows.Cut(gone);
        }
        catch (Exception exception) when (exception is SocketException or Win32Exception)
        {
            // The flows end by their own timeouts.
            Log.StaleFlowsKept(logger, exception);
        }

        return new ApplyResult(changed.Count - failed.Count, failed.ToImmutable()) { Problems = Settle() };
    }

    /// <summary>Forwarding of a family is switched on with its first address.</summary>
    private ImmutableArray<string> Settle()
    {
        if (_forwardsIPv6 || !_desired.Services.Any(service => service.Address.AddressFamily == AddressFamily.InterNetworkV6))
        {
            return [];
        }

        var problems = _settings.EnsureIPv6();
        _forwardsIPv6 = problems.IsEmpty;
        return problems;
    }

    private void Commit(
        TablePlan target, List<string> changed, ImmutableArray<(ForwardedService, string)>.Builder failed)
    {
        var batch = new TableTransaction(options.Table).Shared(_kernel!, target);
        var services = _kernel!.Services.ToBuilder();
        var inBatch = new List<string>();
        _kernel = _kernel with
        {
            VirtualAddresses = target.VirtualAddresses,
            Held = target.Held,
            LocalBackends = target.LocalBackends,
            SlotChains = _kernel.SlotChains.Union(target.SlotChains),
        };

        void Flush()
        {
            if (!batch.IsEmpty)
            {
                try
                {
                    _nftables!.Run(batch.ToString());
                }
                catch (NftablesException) when (inBatch.Count > 0)
                {
                    // One service spoils the batch: find it, and let the others through.
                    RunOneByOne(target, inBatch, services, failed);
                    inBatch.Clear();
                }
                catch (NftablesException)
                {
                    _kernel = null;
                    throw;
                }
            }

            foreach (var key in inBatch)
            {
                Record(services, key, target);
            }

            inBatch.Clear();
            batch = new TableTransaction(options.Table);
        }

        try
        {
            foreach (var key in changed)
            {
                batch.Service(key, services.GetValueOrDefault(key), target.Services.GetValueOrDefault(key));
                inBatch.Add(key);
                if (batch.Elements >= options.MaxElementsPerTransaction)
                {
                    Flush();
                }
            }

            Flush();
        }
        finally
        {
            _kernel = _kernel is null ? null : _kernel with { Services = services.ToImmutable() };
        }
    }

    private void RunOneByOne(
        TablePlan target, List<string> keys, ImmutableSortedDictionary<string, ServicePlan>.Builder services,
        ImmutableArray<(ForwardedService, string)>.Builder failed)
    {
        // What is shared was in the failed batch too; read what the kernel really has and send it first.
        var actual = KernelTable.Read(_nftables!, options.Table);
        if (actual is null)
        {
            Rebuild();
            actual = TablePlan.Empty;
            keys = [.. target.Services.Keys];
            services.Clear();
        }

        var shared = new TableTransaction(options.Table).Shared(actual, target);
        if (!shared.IsEmpty)
        {
            _nftables!.Run(shared.ToString());
        }

        _kernel = target with { Services = actual.Services };
        foreach (var key in keys)
        {
            try
            {
                var one = new TableTransaction(options.Table)
                    .Service(key, actual.Services.GetValueOrDefault(key), target.Services.GetValueOrDefault(key));
                if (!one.IsEmpty)
                {
                    _nftables!.Run(one.ToString());
                }

                Record(services, key, target);
            }
            catch (NftablesException exception)
            {
                if (_desired.Services.FirstOrDefault(service => TablePlanner.Key(service) == key) is { } refused)
                {
                    failed.Add((refused, exception.Message));
                }
            }
        }
    }

    private static void Record(
        ImmutableSortedDictionary<string, ServicePlan>.Builder services, string key, TablePlan target)
    {
        if (target.Services.TryGetValue(key, out var plan))
        {
            services[key] = plan;
        }
        else
        {
            services.Remove(key);
        }
    }

    private ImmutableArray<string> Drift()
    {
        var actual = KernelTable.Read(_nftables!, options.Table);
        if (actual is null)
        {
            Rebuild();
            return [$"table inet {options.Table} was gone"];
        }

        string rules;
        try
        {
            rules = KernelTable.ReadRules(_nftables!, options.Table);
        }
        catch (NftablesException)
        {
            rules = "";
        }

        if (rules != _rules)
        {
            Rebuild();
            return [$"rules of table inet {options.Table} were changed"];
        }

        var drift = TableComparison.Drift(actual, expected: _kernel!);
        _kernel = actual;
        return drift;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Created table inet {Table}")]
        public static partial void Created(ILogger logger, string table);

        [LoggerMessage(Level = LogLevel.Information, Message = "Adopted table inet {Table} with {Services} services")]
        public static partial void Adopted(ILogger logger, string table, int services);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Table inet {Table} differed from the plan, repairing: {Difference}")]
        public static partial void Drift(ILogger logger, string table, string difference);

        [LoggerMessage(Level = LogLevel.Error, Message = "The kernel refused service {Service}: {Error}")]
        public static partial void Refused(ILogger logger, string service, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Flows to removed backends could not be cut")]
        public static partial void StaleFlowsKept(ILogger logger, Exception exception);
    }
}
