namespace Mooring.Core.Failover;

/// <summary>
/// Who is sent a heartbeat, when, and what it says: one per peer for all the addresses shared with it. Now and then
/// every node hears of every address this one answers for: two holders whose snapshots differ may have no candidate
/// in common and would not hear of each other otherwise.
/// </summary>
internal sealed class HeartbeatSchedule(FailoverContext context, IReadOnlyCollection<AddressFailover> addresses)
{
    public static readonly TimeSpan GreetInterval = TimeSpan.FromSeconds(1);

    private TimeSpan _nextGreeting;

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
    public void Rebuild()
    {
        context.Version++;
        foreach (var peer in context.Peers.Values)
        {
            peer.Shared.Clear();
            peer.Interval = TimeSpan.MaxValue;
            peer.Detect = TimeSpan.Zero;
        }

        foreach (var address in addresses)
        {
            foreach (var candidate in address.Candidates)
            {
                Share(candidate, address);
            }

            foreach (var other in address.Others)
            {
                if (!address.Candidates.Contains(other))
                {
                    Share(other, address);
                }
            }
        }
    }

    /// <returns>Whether anything was sent.</returns>
    public bool SendDue(TimeSpan now)
    {
        var greeting = now >= _nextGreeting && context.Held.Count > 0 && context.Rules.StrangersAreGreeted;
        if (greeting)
        {
            _nextGreeting = now + GreetInterval;
        }

        var sent = false;
        foreach (var peer in context.Peers.Values)
        {
            // Every node is told once that this one has started: it may hold an address whose candidates do not know it.
            var introduction = peer.LastSent is null;
            var soon = peer.SendSoon || greeting || introduction;
            peer.SendSoon = false;
            if (peer.Shared.Count == 0 && !greeting && !introduction)
            {
                continue;
            }

            if (peer.Shared.Count > 0 && (introduction || now >= peer.NextSend))
            {
                // On a grid, so that peers with one interval are sent to in one wake-up.
                peer.NextSend = new TimeSpan(now.Ticks - (now.Ticks % peer.Interval.Ticks)) + peer.Interval;
                soon = true;
            }

            if (soon)
            {
                peer.LastSent = now;
                context.Actions.Add(greeting
                    ? peer.Greeting.Compose(context, peer, addresses, now)
                    : peer.About.Compose(context, peer, peer.Shared, now));
                sent = true;
            }
        }

        return sent;
    }

    private void Share(string node, AddressFailover address)
    {
        if (context.Peers.TryGetValue(node, out var peer))
        {
            peer.Shared.Add(address);
            peer.Interval = address.Interval < peer.Interval ? address.Interval : peer.Interval;
            peer.Detect = address.Detect > peer.Detect ? address.Detect : peer.Detect;

            // A peer may have waited on a longer interval.
            var next = peer.LastSent is { } sent ? sent + peer.Interval : TimeSpan.Zero;
            peer.NextSend = next < peer.NextSend ? next : peer.NextSend;
        }
    }
}
