using System.Collections.Immutable;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.DataPlane.Flows;

/// <summary>
/// Remembers which backends each service may have flows to, and cuts the tracked flows to those that are gone: a UDP
/// client would otherwise go on sending to a pod that no longer exists, and a TCP client wait for its own timeout. A backend
/// that drains is gone when its time is over.
/// </summary>
internal sealed class StaleFlows(TimeProvider time)
{
    /// <summary>Backends that drain, by service.</summary>
    private readonly Dictionary<string, Dictionary<string, Leaving>> _leaving = new(StringComparer.Ordinal);

    /// <summary>What an earlier run of the agent left in the kernel, until the first plan of this one.</summary>
    private TablePlan _adopted = TablePlan.Empty;
    private ImmutableArray<ForwardedService> _services = [];

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

    /// <summary>Forgets backends that are gone in <paramref name="desired"/>; returns them by service key.</summary>
    public HashSet<(string Service, string Backend)> Advance(DataPlaneState desired)
    {
        var gone = new HashSet<(string, string)>();
        var changes = ServiceChanges.Between(_services, desired.Services);
        foreach (var service in changes.Removed)
        {
            var key = TablePlanner.Key(service);
            gone.UnionWith(NamesOf(service).Where(backend => !IsCut(key, backend)).Select(backend => (key, backend)));
            _leaving.Remove(key);
        }

        foreach (var (before, now) in changes.Added)
        {
            var key = TablePlanner.Key(now);
            if (before is not null && (before.Backends != now.Backends || before.Draining != now.Draining))
            {
                gone.UnionWith(NamesOf(before).Except(NamesOf(now), StringComparer.Ordinal).Where(backend => !IsCut(key, backend))
                    .Select(backend => (key, backend)));
            }

            Watch(key, now);
        }

        if (!_adopted.Services.IsEmpty)
        {
            var known = desired.Services.ToDictionary(TablePlanner.Key, StringComparer.Ordinal);
            foreach (var (key, plan) in _adopted.Services)
            {
                var backends = known.TryGetValue(key, out var service) ? NamesOf(service) : [];
                gone.UnionWith(plan.Slots.OfType<string>().Distinct(StringComparer.Ordinal).Except(backends, StringComparer.Ordinal)
                    .Select(backend => (key, backend)));
            }

            _adopted = TablePlan.Empty;
        }

        _services = desired.Services;
        End(gone);
        return gone;
    }

    /// <summary>Deletes the tracked flows of <paramref name="gone"/>; returns how many there were.</summary>
    public static int Cut(HashSet<(string Service, string Backend)> gone)
    {
        if (gone.Count == 0)
        {
            return 0;
        }

        using var conntrack = new ConntrackTable();
        return conntrack.Delete(flow => gone.Contains((
            $"{NftablesText.Of(flow.OriginalDestination.Address)} . {TransportNames.Of((TransportProtocol)flow.Protocol)} . {flow.OriginalDestination.Port}",
            NftablesText.Of(flow.ReplySource.Address, flow.ReplySource.Port))));
    }

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
    private void End(HashSet<(string Service, string Backend)> gone)
    {
        var now = time.GetTimestamp();
        _nextEnd = null;
        foreach (var (key, backends) in _leaving)
        {
            foreach (var (backend, leaving) in backends.Where(pair => !pair.Value.Cut).ToArray())
            {
                if (leaving.End <= now)
                {
                    gone.Add((key, backend));
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
