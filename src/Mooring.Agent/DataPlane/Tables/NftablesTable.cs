using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// Our tables in the kernel, and what is known of their contents. What a call leaves is either what it was asked for or what
/// was there before, service by service.
/// </summary>
/// <param name="session">Opened by whoever calls.</param>
/// <param name="name">Name of the tables.</param>
/// <param name="maxElements">Largest number of elements in one transaction; a service is never split.</param>
/// <param name="time">For what is tried again now and then.</param>
/// <param name="logger">Told what was made and found.</param>
internal sealed partial class NftablesTable(NftablesSession session, string name, int maxElements, TimeProvider time, ILogger logger)
{
    private readonly KernelTable _reader = new(session, name);

    /// <summary>What the kernel has, as far as is known; null before it was read.</summary>
    private TablePlan? _kernel;

    /// <summary>Where the kernel may differ from the plan, beside what the last call was told.</summary>
    private readonly PlanChanges _pending = new();

    /// <summary>It may differ anywhere.</summary>
    private bool _unknown = true;

    /// <summary>The fixed rules as the kernel showed them when they were made; null: they are still to be read.</summary>
    private (string Main, string Second)? _rules;

    /// <summary>Who changed the table, until it has been compared.</summary>
    private string? _culprit;

    private (int? V4, int? V6) _clamp;
    private bool? _resetsLost;
    private bool _direct;
    private bool _second;
    private IngressTable? _ingress;
    private bool _rebuilt;

    /// <summary>What hands packets on where they come in.</summary>
    public IngressTable Ingress => _ingress ??= new IngressTable(session, name, time, logger);

    public TablePlan Kernel => _kernel ?? TablePlan.Empty;

    /// <summary>Reads the table, or makes it when there is none of ours.</summary>
    /// <param name="adopt">Called with what an earlier run has left.</param>
    public void Open(Action<TablePlan> adopt)
    {
        if (_kernel is not null)
        {
            return;
        }

        if (_reader.Read() is { } found && _reader.IsWhole())
        {
            _direct = _reader.HasDirect();
            _second = _direct && _reader.HasSecond();
            _clamp = _direct ? DirectSchema.ReadClamp(session.List($"list chain inet {name} clamp")) : default;
            _resetsLost = null;
            Ingress.Adopt();
            Load(WithSecondHops(found));
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
            ChangeRules(DirectSchema.Create(name));
            _direct = true;
            (_resetsLost, _clamp) = (false, default);
        }

        if (!_second || renew)
        {
            ChangeRules(DirectSchema.CreateSecond(name));
            _second = true;
            _kernel = Kernel with { SecondHops = TablePlan.Set(), SecondHops6 = TablePlan.Set() };
        }

        _rules ??= ReadRules();
    }

    /// <summary>Takes away what refers to the tunnel, which can go after this.</summary>
    public void EndDirect()
    {
        Ingress.Remove();
        if (_second)
        {
            ChangeRules(DirectSchema.RemoveSecond(name));
            _second = false;
        }

        _rules ??= ReadRules();
    }

    /// <summary>Whether a packet of a flow that no node knows is answered with a reset, or dropped while tables converge.</summary>
    public void SetLost(bool resets)
    {
        if (_direct && _resetsLost != resets)
        {
            session.Execute(
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
            session.Execute(DirectSchema.Clamp(name, segmentV4, segmentV6));
            _clamp = (segmentV4, segmentV6);
        }
    }

    public void SetHeld(string address, bool held)
    {
        var after = held ? Kernel.Held.Add(address) : Kernel.Held.Remove(address);
        Run(new TableTransaction(name).Held(address, Kernel.Held.Contains(address), held));
        _kernel = Kernel with { Held = after };
    }

    /// <summary>Has the next <see cref="Pending"/> compare everything.</summary>
    public void CompareAll() => _unknown = true;

    /// <summary>Keys of the services that have to be sent to get to <paramref name="target"/>.</summary>
    /// <param name="target">What should be.</param>
    /// <param name="changes">Where it differs from the target of the last call.</param>
    public IReadOnlyList<string> Pending(TablePlan target, PlanChanges changes)
    {
        _pending.Add(changes);
        return _unknown
            ? TableComparison.ChangedServices(Kernel, target)
            : [.. _pending.Services.Where(key => !Equals(Kernel.Services.GetValueOrDefault(key), target.Services.GetValueOrDefault(key)))];
    }

    /// <summary>Brings the table to <paramref name="target"/>.</summary>
    /// <param name="target">What should be.</param>
    /// <param name="changed">What <see cref="Pending"/> said.</param>
    /// <param name="refused">Called with each service the kernel refused, and why; it stays as it was.</param>
    /// <returns>Number of services that changed.</returns>
    /// <exception cref="NftablesException">The kernel refused what all services share.</exception>
    public int Commit(TablePlan target, IReadOnlyList<string> changed, Action<string, string> refused)
    {
        var batch = new TableTransaction(name).Shared(Kernel, target, _unknown ? null : _pending);
        var services = Kernel.Services.ToBuilder();
        var inBatch = new List<string>();
        var failures = 0;
        var whole = false;
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
            whole = failures == 0;
        }
        finally
        {
            _pending.Clear();
            _unknown = !whole;
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
            catch
            {
                // What is shared may be there or not: it is read back before anything else is done.
                _kernel = null;
                throw;
            }

            inBatch.Clear();
            batch = new TableTransaction(name);
        }
    }

    /// <summary>What another program changed, in words. Afterwards a commit repairs it.</summary>
    /// <remarks>The table is read only when one has: that takes long when it is large.</remarks>
    public ImmutableArray<string> Drift()
    {
        _culprit = session.TakeForeignChange(name) ?? _culprit;
        if (_culprit is null)
        {
            return [];
        }

        var drift = Compare();
        (var culprit, _culprit) = (_culprit, null);
        return drift.IsEmpty ? drift : [.. drift.Select(difference => $"{difference} by {culprit}")];
    }

    private ImmutableArray<string> Compare()
    {
        var actual = _reader.Read();
        if (actual is null)
        {
            Rebuild();
            return [$"table inet {name} was gone"];
        }

        var rules = ReadRules();
        _rules ??= rules;
        if (rules.Main != _rules.Value.Main)
        {
            Rebuild();
            return [$"rules of table inet {name} were changed"];
        }

        ImmutableArray<string> drift = [];
        if (rules.Second != _rules.Value.Second)
        {
            // Nothing else depends on them, so they alone are made anew.
            drift = ["tables for second chances were changed"];
            (_second, _rules) = (false, rules with { Second = "" });
            _kernel = Kernel with { SecondHops = TablePlan.Set(), SecondHops6 = TablePlan.Set() };
        }

        actual = WithSecondHops(actual);
        drift = drift.AddRange(TableComparison.Drift(actual, expected: Kernel));
        _kernel = actual;
        _unknown = true;
        return Ingress.TakeDrift() ? drift.Add(IngressTable.Drift) : drift;
    }

    /// <returns>True when the table was made anew since the last call: for a moment it did nothing.</returns>
    public bool TakeRebuilt()
    {
        var rebuilt = _rebuilt;
        _rebuilt = false;
        return rebuilt;
    }

    /// <summary>Counters of all services.</summary>
    public IReadOnlyList<ServiceCounters> Counters() => _reader.ReadCounters();

    /// <summary>Runs commands that change the fixed rules.</summary>
    private void ChangeRules(string commands)
    {
        _rules = null;
        session.Execute(commands);
    }

    private void Run(TableTransaction transaction)
    {
        if (transaction.Chains.Length > 0)
        {
            session.Execute(transaction.Chains);
        }

        if (transaction.Elements > 0)
        {
            session.Execute(transaction.Batch());
        }
    }

    private void Rebuild()
    {
        ChangeRules(IngressSchema.RemoveTable(name, session.List("list tables")) + DirectSchema.RemoveSecond(name) + TableSchema.Remove(name) + TableSchema.Create(name));
        _kernel = null;
        Ingress.Forget();
        (_direct, _second, _resetsLost, _clamp) = (false, false, null, default);
        Load(TablePlan.Empty);
        _rebuilt = true;
        Log.Created(logger, name);
    }

    private void Load(TablePlan kernel)
    {
        _rules = ReadRules();
        _kernel = kernel;
        _unknown = true;
    }

    private TablePlan WithSecondHops(TablePlan read) => !_second ? read : read with
    {
        SecondHops = _reader.ReadSecondHops(NftablesFamily.IPv4),
        SecondHops6 = _reader.ReadSecondHops(NftablesFamily.IPv6),
    };

    private (string Main, string Second) ReadRules() => _reader.ReadRules(_direct, _second);

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
