using Mooring.Core.DataPlane;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Remembers which backends each service may have flows to, and cuts the tracked flows to those that are gone: a UDP
/// client would otherwise go on sending to a pod that no longer exists, and a TCP client wait for its own timeout. A backend
/// that drains is gone when its time is over.
/// </summary>
internal sealed class StaleFlows(TimeProvider time)
{
    /// <summary>When the flows of a backend that drains began to, on the clock of the agent.</summary>
    private readonly Dictionary<(string Service, string Backend), long> _leaving = [];

    /// <summary>Timestamp at which the next one's time is over; null for none.</summary>
    private long? _nextEnd;

    /// <summary>The time of some backend is over.</summary>
    public bool Due => _nextEnd <= time.GetTimestamp();

    private readonly Dictionary<string, HashSet<string>> _backends = new(StringComparer.Ordinal);

    /// <summary>Takes the backends an earlier run of the agent left in the kernel.</summary>
    public void Adopt(TablePlan kernel)
    {
        _backends.Clear();
        foreach (var (key, service) in kernel.Services)
        {
            _backends[key] = new HashSet<string>(service.Slots.OfType<string>(), StringComparer.Ordinal);
        }
    }

    /// <summary>Forgets backends that are gone in <paramref name="desired"/>; returns them by service key.</summary>
    public HashSet<(string Service, string Backend)> Advance(DataPlaneState desired)
    {
        var gone = new HashSet<(string, string)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var leaving = new HashSet<(string, string)>();
        _nextEnd = null;
        foreach (var service in desired.Services)
        {
            var key = TablePlanner.Key(service);
            seen.Add(key);
            var now = new HashSet<string>(
                service.Backends.Concat(service.Draining).Select(backend => NftablesText.Of(backend.Address, backend.Port)),
                StringComparer.Ordinal);
            now.ExceptWith(Ended(key, service, leaving));
            if (_backends.TryGetValue(key, out var before))
            {
                gone.UnionWith(before.Except(now).Select(backend => (key, backend)));
            }

            _backends[key] = now;
        }

        foreach (var key in _backends.Keys.Except(seen).ToArray())
        {
            gone.UnionWith(_backends[key].Select(backend => (key, backend)));
            _backends.Remove(key);
        }

        foreach (var key in _leaving.Keys.Where(key => !leaving.Contains(key)).ToArray())
        {
            _leaving.Remove(key);
        }

        return gone;
    }

    /// <summary>Backends of the service that have drained for as long as they may.</summary>
    private List<string> Ended(string key, ForwardedService service, HashSet<(string, string)> leaving)
    {
        var ended = new List<string>();
        var now = time.GetTimestamp();
        foreach (var one in service.Leaving)
        {
            var backend = NftablesText.Of(one.Address, one.Port);
            leaving.Add((key, backend));
            if (!_leaving.TryGetValue((key, backend), out var since))
            {
                _leaving[(key, backend)] = since = now;
            }

            var end = since + (long)(service.DrainTimeout.TotalSeconds * time.TimestampFrequency);
            if (end <= now)
            {
                ended.Add(backend);
            }
            else
            {
                _nextEnd = _nextEnd < end ? _nextEnd : end;
            }
        }

        return ended;
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
            $"{NftablesText.Of(flow.OriginalDestination.Address)} . {(flow.Protocol == 17 ? "udp" : "tcp")} . {flow.OriginalDestination.Port}",
            NftablesText.Of(flow.ReplySource.Address, flow.ReplySource.Port))));
    }
}
