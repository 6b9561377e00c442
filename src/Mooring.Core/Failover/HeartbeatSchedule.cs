using System.Collections.Immutable;

namespace Mooring.Core.Failover;

/// <summary>Who is sent a heartbeat, when, and what it says: one per peer for all the addresses shared with it.</summary>
internal sealed class HeartbeatSchedule(FailoverContext context)
{
    public TimeSpan NextSend
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var peer in context.Peers.Values)
            {
                if (peer.Shared.Count > 0 && peer.NextSend < next)
                {
                    next = peer.NextSend;
                }
            }

            return next;
        }
    }

    /// <summary>Works out anew which addresses are shared with whom.</summary>
    public void Rebuild(IEnumerable<AddressFailover> addresses)
    {
        foreach (var peer in context.Peers.Values)
        {
            peer.Shared.Clear();
            peer.Interval = TimeSpan.MaxValue;
            peer.Detect = TimeSpan.MaxValue;
        }

        foreach (var address in addresses)
        {
            foreach (var candidate in address.Candidates)
            {
                Share(candidate, address);
            }

            if (address.LastOther is { } other && !address.Candidates.Contains(other))
            {
                Share(other, address);
            }
        }
    }

    public void SendDue(TimeSpan now)
    {
        foreach (var peer in context.Peers.Values)
        {
            var soon = peer.SendSoon;
            peer.SendSoon = false;
            if (peer.Shared.Count == 0)
            {
                continue;
            }

            if (peer.LastSent is null || now >= peer.NextSend)
            {
                // On a grid, so that peers with one interval are sent to in one wake-up.
                peer.NextSend = new TimeSpan(now.Ticks - (now.Ticks % peer.Interval.Ticks)) + peer.Interval;
                soon = true;
            }

            if (soon)
            {
                Send(peer, now);
            }
        }
    }

    private void Send(FailoverPeer peer, TimeSpan now)
    {
        var claims = ImmutableArray.CreateBuilder<AddressClaim>();
        foreach (var address in peer.Shared)
        {
            if (address.ToClaim(now) is { } claim)
            {
                claims.Add(claim);
            }
        }

        peer.LastSent = now;
        context.Actions.Add(new FailoverAction.SendHeartbeat(
            peer.Name, claims.ToImmutable(), peer.HeardWithin(now, peer.Detect)));
    }

    private void Share(string node, AddressFailover address)
    {
        if (context.Peers.TryGetValue(node, out var peer))
        {
            peer.Shared.Add(address);
            peer.Interval = address.Interval < peer.Interval ? address.Interval : peer.Interval;
            peer.Detect = address.Detect < peer.Detect ? address.Detect : peer.Detect;

            // A peer may have waited on a longer interval.
            var next = peer.LastSent is { } sent ? sent + peer.Interval : TimeSpan.Zero;
            peer.NextSend = next < peer.NextSend ? next : peer.NextSend;
        }
    }
}
