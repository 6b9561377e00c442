namespace Mooring.Core.Health;

/// <summary>
/// What the other nodes found by their checks. A node that checks an endpoint itself goes by what it found; one that does not
/// goes by these: by the holder's word, and without one an endpoint is unhealthy when all who check it say so.
/// </summary>
public sealed class PeerVerdicts
{
    /// <summary>A node that is heard tells its digest this often.</summary>
    public static readonly TimeSpan DigestInterval = TimeSpan.FromSeconds(1);

    /// <summary>A node silent for longer counts only while none that is heard knows the endpoint.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(3);

    /// <summary>What a node said is forgotten when it was silent for this long.</summary>
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Peer> _peers = new(StringComparer.Ordinal);

    /// <summary>Takes a packet that is authentic and for this node.</summary>
    public PeerVerdictChange Receive(VerdictPacket packet, TimeSpan now)
    {
        if (!_peers.TryGetValue(packet.Sender, out var peer))
        {
            _peers.Add(packet.Sender, peer = new Peer { Epoch = packet.Epoch });
        }

        if (packet.Epoch != peer.Epoch)
        {
            // An earlier start of a node that is heard is a replay; one whose clock went back is let in after a silence.
            if (packet.Epoch < peer.Epoch && now - peer.Heard < SilentAfter)
            {
                return PeerVerdictChange.None;
            }

            // What it said before its restart holds until it says otherwise.
            peer.Epoch = packet.Epoch;
            peer.Highest = 0;
            foreach (var (endpoint, known) in peer.Known.ToArray())
            {
                peer.Known[endpoint] = known with { Sequence = 0 };
            }
        }

        if (packet.Sequence <= peer.Highest)
        {
            // Overtaken by a later one, which says the same or better; or a replay.
            return PeerVerdictChange.None;
        }

        peer.Highest = packet.Sequence;
        var returned = now - peer.Heard >= SilentAfter;
        peer.Heard = now;
        var (changed, failed) = peer.Take(packet);
        return new PeerVerdictChange(returned ? null : changed, failed, !peer.IsWhole(packet));
    }

    /// <summary>What the others say of the endpoint; null when none of them knows it.</summary>
    public bool? IsHealthy(ulong endpoint, TimeSpan now) =>
        Judge(endpoint, now, SilentAfter) ?? Judge(endpoint, now, ForgottenAfter);

    /// <summary>Forgets nodes that are not there any more.</summary>
    /// <returns>True when that may change what is known of an endpoint.</returns>
    public bool Expire(IReadOnlySet<string> nodes, TimeSpan now)
    {
        var changed = false;
        foreach (var (name, peer) in _peers.ToArray())
        {
            var silent = now - peer.Heard > SilentAfter;
            changed |= silent != peer.Silent && peer.Known.Count > 0;
            peer.Silent = silent;
            if (!nodes.Contains(name) || now - peer.Heard > ForgottenAfter)
            {
                changed |= peer.Known.Count > 0;
                _peers.Remove(name);
            }
        }

        return changed;
    }

    private bool? Judge(ulong endpoint, TimeSpan now, TimeSpan within)
    {
        var (holders, holdersAgainst, others, othersAgainst) = (0, 0, 0, 0);
        foreach (var peer in _peers.Values)
        {
            if (now - peer.Heard > within || !peer.Known.TryGetValue(endpoint, out var known))
            {
                continue;
            }

            if (known.Record.Holder)
            {
                holders++;
                holdersAgainst += known.Record.Healthy ? 0 : 1;
            }
            else
            {
                others++;
                othersAgainst += known.Record.Healthy ? 0 : 1;
            }
        }

        // Several hold when several addresses lead to it, on different nodes.
        return holders > 0 ? holdersAgainst < holders : others > 0 ? othersAgainst < others : null;
    }

    private sealed class Peer
    {
        public ulong Epoch { get; set; }

        public ulong Highest { get; set; }

        public TimeSpan Heard { get; set; }

        public bool Silent { get; set; }

        public Dictionary<ulong, (VerdictRecord Record, ulong Sequence)> Known { get; } = [];

        public (IReadOnlyList<ulong> Changed, IReadOnlyList<ulong> Failed) Take(VerdictPacket packet)
        {
            List<ulong>? changed = null;
            List<ulong>? failed = null;
            foreach (var record in packet.Records)
            {
                var had = Known.TryGetValue(record.Endpoint, out var before);
                if (record.Gone)
                {
                    if (Known.Remove(record.Endpoint))
                    {
                        (changed ??= []).Add(record.Endpoint);
                    }

                    continue;
                }

                Known[record.Endpoint] = (record, packet.Sequence);
                if (!had || before.Record != record)
                {
                    (changed ??= []).Add(record.Endpoint);
                }

                if (!record.Healthy && (!had || before.Record.Healthy))
                {
                    (failed ??= []).Add(record.Endpoint);
                }
            }

            return (changed ?? [], failed ?? []);
        }

        /// <summary>All that the sender has to say is known here.</summary>
        public bool IsWhole(VerdictPacket packet)
        {
            if (Digest() == packet.Digest)
            {
                return true;
            }

            // It told everything since: what it did not name again, it does not know any more.
            if (packet.WholeFrom > 0 && packet.WholeFrom < packet.Sequence)
            {
                foreach (var (endpoint, known) in Known.ToArray())
                {
                    if (known.Sequence < packet.WholeFrom)
                    {
                        Known.Remove(endpoint);
                    }
                }
            }

            return Digest() == packet.Digest;
        }

        private ulong Digest()
        {
            var digest = 0UL;
            foreach (var (_, known) in Known)
            {
                digest ^= known.Record.Digest;
            }

            return digest;
        }
    }
}
