using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Core.Failover;

/// <summary>What a holder says and does when another machine claims its address.</summary>
internal sealed class AddressConflicts(FailoverContext context, IPAddress address)
{
    /// <summary>A host defends its address at most this often (RFC 5227, DEFEND_INTERVAL).</summary>
    private static readonly TimeSpan DefendInterval = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AnnounceInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, TimeSpan> _reported = new(StringComparer.Ordinal);
    private TimeSpan _nextAnnounce = TimeSpan.MinValue;
    private (string Node, PhysicalAddress Mac, TimeSpan At)? _pending;

    /// <summary>A heartbeat of a worse claim came in well after this node's own claim.</summary>
    public void WorseClaimHeard(string node, TimeSpan deadline, TimeSpan now)
    {
        Announce(deadline, now, AnnounceInterval);
        Report(node, mac: null, now);
    }

    /// <summary>An announcement of the address was seen on the wire. A node of ours has a detection time to explain.</summary>
    public void SeenOnWire(string? node, PhysicalAddress mac, TimeSpan deadline, TimeSpan now)
    {
        if (node is null)
        {
            Announce(deadline, now, DefendInterval);
            Report(node: null, mac, now);
        }
        else
        {
            _pending ??= (node, mac, now);
        }
    }

    /// <summary>When what was seen on the wire counts as unexplained; null when nothing was.</summary>
    public TimeSpan? Due(TimeSpan detect) => _pending?.At + detect;

    public void Tick(TimeSpan detect, TimeSpan now)
    {
        if (_pending is { } pending && now - pending.At >= detect)
        {
            _pending = null;
            Report(pending.Node, pending.Mac, now);
        }
    }

    /// <summary>The address is not held any more, so nothing conflicts with it.</summary>
    public void Clear()
    {
        _pending = null;
        _reported.Clear();
    }

    private void Announce(TimeSpan deadline, TimeSpan now, TimeSpan interval)
    {
        if (now >= _nextAnnounce)
        {
            _nextAnnounce = now + interval;
            context.Actions.Add(new FailoverAction.Announce(address, deadline));
        }
    }

    private void Report(string? node, PhysicalAddress? mac, TimeSpan now)
    {
        var who = node ?? mac!.ToString();
        if (_reported.TryGetValue(who, out var last) && now - last < DefendInterval)
        {
            return;
        }

        // Forged sources must not grow this without bound.
        if (_reported.Count >= 64)
        {
            _reported.Clear();
        }

        _reported[who] = now;
        context.Actions.Add(new FailoverAction.Conflict(address, node, mac));
    }
}
