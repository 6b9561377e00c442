using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Our tables in the kernel, and what is known of their contents. What a call leaves is either what it was asked for or what
/// was there before, service by service.
/// </summary>
/// <param name="name">Name of the tables.</param>
/// <param name="maxElements">Largest number of elements in one transaction; a service is never split.</param>
internal sealed partial class NftablesTable(string name, int maxElements, ILogger logger) : IDisposable
{
    /// <summary>Above so many elements the notifications of our own changes cost more than they are worth.</summary>
    private const int Large = 1000;

    private NftablesContext? _nftables;
    private NftablesMonitor? _monitor;

    /// <summary>What the kernel has, as far as is known; null before it was read.</summary>
    private TablePlan? _kernel;

    /// <summary>The fixed rules as the kernel printed them when they were made.</summary>
    private string _rules = "";

    private (int? V4, int? V6) _clamp;
    private bool? _resetsLost;
    private bool _direct;
    private bool _second;

    public TablePlan Kernel => _kernel ?? TablePlan.Empty;

    /// <summary>Reads the table, or makes it when there is none of ours.</summary>
    /// <param name="adopt">Called with what an earlier run has left.</param>
    public void Open(Action<TablePlan> adopt)
    {
        _nftables ??= new NftablesContext();
        _monitor ??= NftablesMonitor.Open(name);
        if (_kernel is not null)
        {
            return;
        }

        if (KernelTable.Read(_nftables, name) is { } found)
        {
            _direct = KernelTable.HasDirect(_nftables, name);
            _second = _direct && KernelTable.HasSecond(_nftables, name);
            _clamp = _direct ? DirectSchema.ReadClamp(_nftables.List($"list chain inet {name} clamp")) : default;
            Load(_second
                ? found with
                {
                    SecondHops = KernelTable.ReadSecondHops(_nftables, name, "ip"),
                    SecondHops6 = KernelTable.ReadSecondHops(_nftables, name, "ip6"),
                }
                : found);
            adopt(Kernel);
            Log.Adopted(logger, name, found.Services.Count);
        }
        else
        {
            Rebuild();
        }
    }

    /// <summary>Adds what Direct mode needs, if it is not there.</summary>
    /// <param name="renew">The tunnel was made anew, so the rules that name it have to be as well.</param>
    /// <exception cref="NftablesException">This kernel or nft cannot do it.</exception>
    public void EnsureDirect(bool renew)
    {
        if (!_direct)
        {
            Execute(DirectSchema.Create(name));
            _direct = true;
            (_resetsLost, _clamp) = (false, default);
            _rules = ReadRules();
        }

        if (!_second || renew)
        {
            Execute(DirectSchema.CreateSecond(name));
            _second = true;
            _kernel = Kernel with { SecondHops = TablePlan.Set(), SecondHops6 = TablePlan.Set() };
            _rules = ReadRules();
        }
    }

    /// <summary>Takes away what refers to the tunnel, which can go after this.</summary>
    public void EndDirect()
    {
        if (_second)
        {
            Execute(DirectSchema.RemoveSecond(name));
            _second = false;
            _rules = ReadRules();
        }
    }

    /// <summary>Whether a packet of a flow that no node knows is answered with a reset, or dropped while tables converge.</summary>
    public void SetLost(bool resets)
    {
        if (_direct && _resetsLost != resets)
        {
            Execute(
                $"flush chain inet {name} lost\n"
                + (resets ? $"add rule inet {name} lost meta l4proto tcp reject with tcp reset\n" : "")
                + $"add rule inet {name} lost drop\n");
            _resetsLost = resets;
        }
    }

    /// <summary>Bounds the segments that clients are told to send; null: not at all.</summary>
    public void SetClamp(int? segmentV4, int? segmentV6)
    {
        if (_direct && (segmentV4, segmentV6) != _clamp)
        {
            Execute(DirectSchema.Clamp(name, segmentV4, segmentV6));
            _clamp = (segmentV4, segmentV6);
        }
    }

    public void SetHeld(ImmutableSortedSet<string> held)
    {
        var after = Kernel with { Held = held };
        var transaction = new TableTransaction(name).Shared(Kernel, after);
        if (!transaction.IsEmpty)
        {
            Execute(transaction.ToString(), transaction.Elements > Large);
        }

        _kernel = after;
    }

    /// <summary>Brings the table to <paramref name="target"/>.</summary>
    /// <param name="target">What should be.</param>
    /// <param name="refused">Called with each service the kernel refused, and why; it stays as it was.</param>
    /// <returns>Number of services that changed.</returns>
    /// <exception cref="NftablesException">The kernel refused what all services share.</exception>
    public int Commit(TablePlan target, Action<string, string> refused)
    {
        var changed = TableComparison.ChangedServices(Kernel, target);
        var batch = new TableTransaction(name).Shared(Kernel, target);
        var services = Kernel.Services.ToBuilder();
        var inBatch = new List<string>();
        var failures = 0;
        _kernel = target with { Services = Kernel.Services, SlotChains = Kernel.SlotChains.Union(target.SlotChains) };
        try
        {
            foreach (var key in changed)
            {
                batch.Service(key, services.GetValueOrDefault(key), target.Services.GetValueOrDefault(key));
                inBatch.Add(key);
                if (batch.Elements >= maxElements)
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

        return changed.Count - failures;

        void Flush()
        {
            try
            {
                Run(batch);
                inBatch.ForEach(key => Record(services, key, target));
            }
            catch (NftablesException) when (inBatch.Count > 0)
            {
                // One service spoils the batch: find it, and let the others through.
                failures += RunOneByOne(target, inBatch, services, refused);
            }
            catch (NftablesException)
            {
                _kernel = null;
                throw;
            }

            inBatch.Clear();
            batch = new TableTransaction(name);
        }
    }

    /// <summary>Completes when somebody has changed something in nftables.</summary>
    public Task WaitForChangeAsync(CancellationToken cancellationToken) =>
        _monitor?.WaitForChangeAsync(cancellationToken) ?? Task.Delay(Timeout.Infinite, cancellationToken);

    /// <summary>What another program changed, in words. Afterwards a commit repairs it.</summary>
    /// <remarks>The table is read only when one has: that takes long when it is large.</remarks>
    public ImmutableArray<string> Drift()
    {
        if (_monitor!.TakeForeignChange() is not { } culprit)
        {
            return [];
        }

        var drift = Compare();
        return drift.IsEmpty ? drift : [.. drift.Select(difference => $"{difference} by {culprit}")];
    }

    private ImmutableArray<string> Compare()
    {
        var actual = KernelTable.Read(_nftables!, name);
        if (actual is null)
        {
            Rebuild();
            return [$"table inet {name} was gone"];
        }

        string rules;
        try
        {
            rules = ReadRules();
            actual = _second
                ? actual with
                {
                    SecondHops = KernelTable.ReadSecondHops(_nftables!, name, "ip"),
                    SecondHops6 = KernelTable.ReadSecondHops(_nftables!, name, "ip6"),
                }
                : actual;
        }
        catch (NftablesException)
        {
            rules = "";
        }

        if (rules != _rules)
        {
            Rebuild();
            return [$"rules of table inet {name} were changed"];
        }

        var drift = TableComparison.Drift(actual, expected: Kernel);
        _kernel = actual;
        return drift;
    }

    /// <summary>Counters of all services.</summary>
    public IReadOnlyList<ServiceCounters> Counters() =>
    [
        .. CounterReader.Parse(_nftables!.ListJson($"list map inet {name} services")),
        .. CounterReader.Parse(_nftables!.ListJson($"list map inet {name} services6")),
    ];

    public void Dispose()
    {
        _monitor?.Dispose();
        _nftables?.Dispose();
    }

    private void Execute(string commands, bool large = false)
    {
        _monitor!.BeginOwn(large);
        try
        {
            _nftables!.Run(commands);
        }
        finally
        {
            _monitor.EndOwn();
        }
    }

    private void Run(TableTransaction transaction)
    {
        if (!transaction.IsEmpty)
        {
            Execute(transaction.ToString(), transaction.Elements > Large);
        }
    }

    private void Rebuild()
    {
        Execute(DirectSchema.RemoveSecond(name) + TableSchema.Remove(name) + TableSchema.Create(name));
        (_direct, _second, _resetsLost, _clamp) = (false, false, null, default);
        Load(TablePlan.Empty);
        Log.Created(logger, name);
    }

    private void Load(TablePlan kernel)
    {
        _rules = ReadRules();
        _kernel = kernel;
    }

    private string ReadRules() => KernelTable.ReadRules(_nftables!, name, _direct, _second);

    /// <returns>Number of services that were refused.</returns>
    private int RunOneByOne(
        TablePlan target, List<string> keys, ImmutableSortedDictionary<string, ServicePlan>.Builder services, Action<string, string> refused)
    {
        // What is shared was in the failed batch too; read what the kernel really has and send it first.
        _kernel = null;
        Open(static _ => { });
        if (Kernel.Services.IsEmpty && !services.Keys.All(keys.Contains))
        {
            // Somebody took the table away: everything has to be sent anew.
            keys = [.. target.Services.Keys];
        }

        if (target.Services.Values.Any(service => service.Direct is not null))
        {
            EnsureDirect(renew: false);
        }

        services.Clear();
        services.AddRange(Kernel.Services);
        Run(new TableTransaction(name).Shared(Kernel, target));
        _kernel = target with { Services = Kernel.Services };
        var failures = 0;
        foreach (var key in keys)
        {
            try
            {
                Run(new TableTransaction(name).Service(key, services.GetValueOrDefault(key), target.Services.GetValueOrDefault(key)));
                Record(services, key, target);
            }
            catch (NftablesException exception)
            {
                failures++;
                refused(key, exception.Message);
            }
        }

        return failures;
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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Created table inet {Table}")]
        public static partial void Created(ILogger logger, string table);

        [LoggerMessage(Level = LogLevel.Information, Message = "Adopted table inet {Table} with {Services} services")]
        public static partial void Adopted(ILogger logger, string table, int services);
    }
}
