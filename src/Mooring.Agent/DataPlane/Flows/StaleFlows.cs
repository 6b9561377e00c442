using System.Collections.Immutable;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.DataPlane.Flows;

/// <summary>
/// Remembers which backends each service may have flows to, and cuts the tracked flows to those that are gone: a UDP
/// client would otherwise go on sending to a pod that no longer exists, and a TCP client wait for its own timeout. A backend
/// that drains is gone when its time is over. To one that fails only the handshakes it has not answered are cut, so that the client's
/// next SYN is translated anew. Where slots change, connections that are over are forgotten: what comes by their ports is not of them.
/// </summary>
internal sealed class StaleFlows(TimeProvider time)
{
    /// <summary>Backends that drain, by service.</summary>
    private readonly Dictionary<string, Dictionary<string, Leaving>> _leaving = new(StringComparer.Ordinal);

    /// <summary>What an earlier run of the agent left in the kernel, until the first plan of this one.</summary>
    private TablePlan _adopted = TablePlan.Empty;
    private ImmutableArray<ForwardedService> _services = [];
    private bool _untranslated;

    /// <summary>Timestamp at which the next one's time is over; null for none.</summary>
    private long? _nextEnd;

    /// <summary>The time of some backend is over.</summary>
    public bool Due => _nextEnd <= time.GetTimestamp();

    /// <summary>Takes the backends an earlier run of the agent left in the kernel.</summary>
    public void Adopt(TablePlan kernel)
    {
        _adopted = kernel;
        _services = [];
    }

    /// <summary>
    /// The rules were away for a moment. A flow that began then is tracked as not translated, and so would be the next one of its
    /// addresses and ports, for as long as the entry lives.
    /// </summary>
    public void RulesWereAway() => _untranslated = true;

    /// <summary>
    /// Forgets backends that are gone in <paramref name="desired"/>; returns what to cut of theirs, and of those that
    /// have failed since the last call.
    /// </summary>
    /// <param name="desired">What is wanted.</param>
    /// <param name="refused">Keys of services of which the kernel refused the change: they are as they were, and so are their flows.</param>
    public HashSet<FlowCut> Advance(DataPlaneState desired, IReadOnlySet<string>? refused = null)
    {
        var cuts = new HashSet<FlowCut>();
        var services = refused is { Count: > 0 } ? WithoutChangesOf(refused, desired.Services) : desired.Services;
        var changes = ServiceChanges.Between(_services, services);
        foreach (var service in changes.Removed)
        {
            var key = TablePlanner.Key(service);
            cuts.UnionWith(NamesOf(service).Where(backend => !IsCut(key, backend)).Select(backend => new FlowCut(key, backend)));
            _leaving.Remove(key);
        }

        foreach (var (before, now) in changes.Added)
        {
            var key = TablePlanner.Key(now);
            if (before is not null && (before.Backends != now.Backends || before.Draining != now.Draining))
            {
                cuts.UnionWith(NamesOf(before).Except(NamesOf(now), StringComparer.Ordinal).Where(backend => !IsCut(key, backend))
                    .Select(backend => new FlowCut(key, backend)));
            }

            if (before is null || before.Failed != now.Failed)
            {
                cuts.UnionWith(now.Failed.Select(NameOf).Except((before?.Failed ?? []).Select(NameOf), StringComparer.Ordinal)
                    .Select(backend => new FlowCut(key, backend, FlowStage.Unanswered)));
            }

            if (before?.Direct is { } slots && slots != now.Direct && now.Protocol == TransportProtocol.Tcp)
            {
                // A client's port may be that of another connection by now, which came by another node and is to go on here.
                cuts.Add(new FlowCut(key, Backend: null, FlowStage.Closed));
            }

            Watch(key, now);
        }

        if (!_adopted.Services.IsEmpty)
        {
            var known = desired.Services.ToDictionary(TablePlanner.Key, StringComparer.Ordinal);
            foreach (var (key, plan) in _adopted.Services)
            {
                var backends = known.TryGetValue(key, out var service) ? NamesOf(service) : [];
                cuts.UnionWith(plan.Slots.OfType<string>().Distinct(StringComparer.Ordinal).Except(backends, StringComparer.Ordinal)
                    .Select(backend => new FlowCut(key, backend)));
            }

            _adopted = TablePlan.Empty;
        }

        if (_untranslated && !desired.Services.IsEmpty)
        {
            // A TCP flow that was answered works, whichever way it goes.
            cuts.UnionWith(desired.Services.Select(service => new FlowCut(
                TablePlanner.Key(service),
                NftablesText.Of(service.Address, service.Port),
                service.Protocol == TransportProtocol.Tcp ? FlowStage.Unanswered : FlowStage.Any)));
            _untranslated = false;
        }

        _services = services;
        End(cuts);
        return cuts;
    }

    private ImmutableArray<ForwardedService> WithoutChangesOf(IReadOnlySet<string> refused, ImmutableArray<ForwardedService> services)
    {
        var before = _services.ToDictionary(TablePlanner.Key, StringComparer.Ordinal);
        return
        [
            .. services.Select(service => TablePlanner.Key(service) is var key && refused.Contains(key) ? before.GetValueOrDefault(key) : service)
                .OfType<ForwardedService>(),
        ];
    }

    /// <summary>Deletes the tracked flows that <paramref name="cuts"/> name; returns how many there were.</summary>
    public static int Cut(HashSet<FlowCut> cuts)
    {
        if (cuts.Count == 0)
        {
            return 0;
        }

        // Names are not written out for the many flows that this alone tells apart.
        var stages = cuts.Select(cut => cut.Stage).ToHashSet();
        using var conntrack = new ConntrackTable();
        return conntrack.Delete(flow => (stages.Contains(FlowStage.Any) || stages.Contains(StageOf(flow))) && IsNamed(flow, cuts));
    }

    /// <summary>The flow is one of <paramref name="cuts"/>.</summary>
    public static bool IsNamed(ConntrackFlow flow, HashSet<FlowCut> cuts)
    {
        var cut = new FlowCut(
            $"{NftablesText.Of(flow.OriginalDestination.Address)} . {TransportNames.Of((TransportProtocol)flow.Protocol)} . {flow.OriginalDestination.Port}",
            NftablesText.Of(flow.ReplySource.Address, flow.ReplySource.Port));
        return cuts.Contains(cut)
            || (flow.AwaitsAnswer && cuts.Contains(cut with { Stage = FlowStage.Unanswered }))
            || (flow.IsClosed && cuts.Contains(cut with { Backend = null, Stage = FlowStage.Closed }));
    }

    private static FlowStage StageOf(ConntrackFlow flow) =>
        flow.AwaitsAnswer ? FlowStage.Unanswered : flow.IsClosed ? FlowStage.Closed : FlowStage.Any;

    /// <summary>Backends of the service that begin to drain get their time; those that do not any more lose it.</summary>
    private void Watch(string key, ForwardedService service)
    {
        _leaving.Remove(key, out var before);
        if (service.Leaving.IsEmpty)
        {
            return;
        }

        var now = time.GetTimestamp();
        var timeout = (long)(service.DrainTimeout.TotalSeconds * time.TimestampFrequency);
        _leaving[key] = service.Leaving.ToDictionary(
            NameOf,
            backend =>
            {
                var known = before?.GetValueOrDefault(NameOf(backend));
                return new Leaving(known?.Since ?? now, (known?.Since ?? now) + timeout, known is { Cut: true });
            },
            StringComparer.Ordinal);
    }

    /// <summary>Adds the backends that have drained for as long as they may.</summary>
    private void End(HashSet<FlowCut> cuts)
    {
        var now = time.GetTimestamp();
        _nextEnd = null;
        foreach (var (key, backends) in _leaving)
        {
            foreach (var (backend, leaving) in backends.Where(pair => !pair.Value.Cut).ToArray())
            {
                if (leaving.End <= now)
                {
                    cuts.Add(new FlowCut(key, backend));
                    backends[backend] = leaving with { Cut = true };
                }
                else
                {
                    _nextEnd = _nextEnd < leaving.End ? _nextEnd : leaving.End;
                }
            }
        }
    }

    private bool IsCut(string key, string backend) =>
        _leaving.TryGetValue(key, out var backends) && backends.TryGetValue(backend, out var leaving) && leaving.Cut;

    private static IEnumerable<string> NamesOf(ForwardedService service) => service.Backends.Concat(service.Draining).Select(NameOf);

    private static string NameOf(ForwardedBackend backend) => NftablesText.Of(backend.Address, backend.Port);

    private sealed record Leaving(long Since, long End, bool Cut);
}
