using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.World;

namespace Mooring.Controller.Agents;

/// <summary>
/// Who answers for each address, from what every agent says of itself. Of several nodes that say they hold an address
/// the one with the highest term does; with equal terms it stays with the present one until either gives up, for the
/// agents settle that between themselves. Not thread-safe: its owner holds a lock.
/// </summary>
internal sealed class HolderTable
{
    private readonly Dictionary<IPAddress, Entry> _entries = [];

    private readonly Followed<IPAddress, HolderClaim> _holders = new();
    private readonly Followed<IPAddress, ulong> _terms = new();
    private readonly Followed<IPAddress, HolderMove> _failovers = new();

    /// <summary>Addresses with a change that the three above have not followed yet.</summary>
    private readonly HashSet<IPAddress> _touched = [];

    public ImmutableDictionary<IPAddress, HolderClaim> Holders
    {
        get
        {
            Follow();
            return _holders.Current;
        }
    }

    public ImmutableDictionary<IPAddress, ulong> Terms
    {
        get
        {
            Follow();
            return _terms.Current;
        }
    }

    /// <summary>The latest change of node of each address that was seen to move.</summary>
    public ImmutableDictionary<IPAddress, HolderMove> Failovers
    {
        get
        {
            Follow();
            return _failovers.Current;
        }
    }

    /// <summary>The node says, as far as is known, that it answers for the address.</summary>
    public bool Claims(string node, IPAddress address) =>
        _entries.TryGetValue(address, out var entry) && entry.Claims.ContainsKey(node);

    /// <summary>Takes over what a status said before this controller started. The agents' own word replaces it.</summary>
    public void Adopt(IPAddress address, string? node, ulong term, DateTimeOffset since)
    {
        var entry = EntryOf(address);
        entry.Term = Math.Max(entry.Term, term);
        if (node is not null && !entry.Claims.ContainsKey(node))
        {
            var claim = new HolderClaim(node, term, since);
            entry.Claims[node] = claim;
            entry.Holder ??= claim;
            entry.LastHolder ??= node;
        }
    }

    /// <summary>Everything <paramref name="node"/> holds; what it held before and does not name is given up.</summary>
    public IReadOnlyList<HolderMove> Replace(string node, IReadOnlyDictionary<IPAddress, HolderClaim> held)
    {
        foreach (var (address, entry) in _entries)
        {
            if (!held.ContainsKey(address) && entry.Claims.Remove(node))
            {
                _touched.Add(address);
                Settle(address, entry);
            }
        }

        var moves = new List<HolderMove>();
        foreach (var (address, claim) in held)
        {
            var entry = EntryOf(address);
            entry.Claims[node] = claim;
            if (Settle(address, entry) is { } move)
            {
                moves.Add(move);
            }
        }

        return moves;
    }

    /// <summary>
    /// The node took an address. A report may be late, told only when a controller was there to hear it: one that is
    /// older than what the node said of itself since changes nothing.
    /// </summary>
    /// <param name="report">As the agent put it; <see cref="HolderMove.From"/> counts only when nothing else is known.</param>
    /// <returns>The change of holder, also one known already that this is the story of; null for nothing new.</returns>
    public HolderMove? Take(HolderMove report)
    {
        var entry = EntryOf(report.Address);
        if (entry.Claims.TryGetValue(report.To.Node, out var known) && known.Term > report.To.Term)
        {
            return null;
        }

        entry.Claims[report.To.Node] = report.To;
        entry.LastHolder ??= report.From;
        if (Settle(report.Address, entry) is { } move)
        {
            move = Tell(move, report);
            entry.Failover = move.IsFailover ? move : entry.Failover;
            return move;
        }

        // The same claim was heard in a Hello, without its story, or now has its first packet.
        if (entry.Failover is { } told && told.To.Node == report.To.Node && told.To.Term == report.To.Term
            && (told.Reason is null || (told.Phases?.FirstPacket is null && report.Phases?.FirstPacket is not null)))
        {
            entry.Failover = Tell(told, report);
            return entry.Failover;
        }

        return null;
    }

    private static HolderMove Tell(HolderMove move, HolderMove report) => move with
    {
        Reason = report.Reason,
        Detect = report.Detect,
        Takeover = report.Takeover,
        Phases = report.Phases,
    };

    /// <summary>The node does not answer for the address (any more).</summary>
    /// <param name="node">Name of the node.</param>
    /// <param name="address">The address.</param>
    /// <param name="term">Term of the claim it gave up, or a later one; an earlier one is an old story.</param>
    public HolderMove? GiveUp(string node, IPAddress address, ulong term)
    {
        var entry = EntryOf(address);
        entry.Term = Math.Max(entry.Term, term);
        return entry.Claims.TryGetValue(node, out var claim) && claim.Term <= term && entry.Claims.Remove(node)
            ? Settle(address, entry)
            : null;
    }

    /// <summary>A term seen anywhere: the next claim must exceed it.</summary>
    public void SeeTerm(IPAddress address, ulong term)
    {
        var entry = EntryOf(address);
        entry.Term = Math.Max(entry.Term, term);
    }

    /// <summary>The node's agent is gone for good.</summary>
    public IReadOnlyList<HolderMove> Forget(string node) =>
        Replace(node, ImmutableDictionary<IPAddress, HolderClaim>.Empty);

    /// <summary>Drops addresses that no VirtualIp names.</summary>
    public void Prune(IReadOnlySet<IPAddress> inUse)
    {
        foreach (var address in _entries.Keys.Where(address => !inUse.Contains(address)).ToArray())
        {
            _entries.Remove(address);
            _touched.Add(address);
        }
    }

    private void Follow()
    {
        _holders.Change(_touched.Select(address => (address, _entries.GetValueOrDefault(address)?.Holder)));
        _terms.Change(_touched.Select(address => (address, _entries.GetValueOrDefault(address)?.Term ?? 0)));
        _failovers.Change(_touched.Select(address => (address, _entries.GetValueOrDefault(address)?.Failover)));
        _touched.Clear();
    }

    private static HolderMove? Settle(IPAddress address, Entry entry)
    {
        var best = entry.Claims.Values
            .OrderByDescending(claim => claim.Term)
            .ThenBy(claim => claim.Node == entry.Holder?.Node ? 0 : 1)
            .ThenBy(claim => claim.Node, StringComparer.Ordinal)
            .FirstOrDefault();
        var before = entry.Holder;
        entry.Holder = best;
        if (best is null)
        {
            return null;
        }

        entry.Term = Math.Max(entry.Term, best.Term);
        if (before is not null && before.Node == best.Node && before.Term == best.Term)
        {
            return null;
        }

        var move = new HolderMove { Address = address, From = entry.LastHolder, To = best };
        entry.LastHolder = best.Node;
        entry.Failover = move.IsFailover ? move : entry.Failover;
        return move;
    }

    private Entry EntryOf(IPAddress address)
    {
        _touched.Add(address);
        if (!_entries.TryGetValue(address, out var entry))
        {
            entry = new Entry();
            _entries.Add(address, entry);
        }

        return entry;
    }

    private sealed class Entry
    {
        public Dictionary<string, HolderClaim> Claims { get; } = new(StringComparer.Ordinal);

        public HolderClaim? Holder { get; set; }

        /// <summary>Also while no one holds the address.</summary>
        public string? LastHolder { get; set; }

        public ulong Term { get; set; }

        public HolderMove? Failover { get; set; }
    }
}
