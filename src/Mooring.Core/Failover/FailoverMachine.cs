using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>
/// Failover of all addresses on one node, as a pure state machine: every input carries the time and returns what is to
/// be done. See docs/failover.md for the protocol and what holds of it.
/// </summary>
/// <remarks>
/// Times are monotonic, from an origin of the caller's choosing; a time earlier than one seen before counts as that.
/// The list returned is valid until the next call. Call <see cref="Tick"/> at <see cref="NextWakeup"/>. Not thread-safe.
/// </remarks>
public sealed class FailoverMachine
{
    /// <summary>A wake-up that is later than this may have missed something.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(2);

    private readonly FailoverContext _context;
    private readonly HeartbeatSchedule _schedule;
    private readonly Dictionary<IPAddress, AddressFailover> _addresses = [];

    /// <summary>Kept for addresses that are gone, should they come back.</summary>
    private readonly Dictionary<IPAddress, TermLedger> _terms = [];
    private readonly Dictionary<PhysicalAddress, string> _macs = [];
    private readonly NodeLinks _links = new();
    private TimeSpan _now;
    private bool _started;

    /// <param name="self">Name of this node.</param>
    /// <param name="persistedTerms">Highest durable term of each address from earlier runs.</param>
    public FailoverMachine(string self, IEnumerable<KeyValuePair<IPAddress, ulong>> persistedTerms)
        : this(self, persistedTerms, FailoverRules.Default)
    {
    }

    internal FailoverMachine(
        string self, IEnumerable<KeyValuePair<IPAddress, ulong>> persistedTerms, FailoverRules rules)
    {
        _context = new FailoverContext(self, rules);
        _schedule = new HeartbeatSchedule(_context, _addresses.Values);
        foreach (var (address, term) in persistedTerms)
        {
            _terms[address] = new TermLedger(_context, address, term);
        }
    }

    /// <summary>When <see cref="Tick"/> is wanted next; <see cref="TimeSpan.MaxValue"/> for never.</summary>
    public TimeSpan NextWakeup { get; private set; } = TimeSpan.MaxValue;

    /// <summary>The time of the last input.</summary>
    public TimeSpan Now => _now;

    /// <summary>Changes whenever <see cref="Views"/> would show another role, holder or term.</summary>
    public int Version => _context.Version;

    /// <summary>Revision of the snapshot in use.</summary>
    public ulong Revision => _context.Revision;

    /// <summary>A stop was requested and nothing is answered for any more.</summary>
    public bool IsStopped => _context.Stopping && _context.Held.Count == 0;

    /// <summary>Every address this node is a candidate for or still answers for.</summary>
    public ImmutableArray<AddressFailoverView> Views() =>
        [.. _addresses.Values.Where(address => address.IsCandidate || address.Answers).Select(a => a.ToView(_now))];

    public IReadOnlyList<FailoverAction> Tick(TimeSpan now)
    {
        Begin(now);
        return End();
    }

    public IReadOnlyList<FailoverAction> ApplySnapshot(TimeSpan now, ClusterSnapshot snapshot)
    {
        Begin(now);
        _context.Revision = snapshot.Revision;
        _context.LongestDetect = snapshot.VirtualIps.Select(DetectionTimes.DetectOf).DefaultIfEmpty().Max();
        ApplyNodes(snapshot);

        var wanted = new HashSet<IPAddress>();
        foreach (var vip in snapshot.VirtualIps)
        {
            foreach (var intent in vip.Addresses)
            {
                var known = _addresses.TryGetValue(intent.Address, out var address);
                if ((known || intent.Candidates.Contains(_context.Self)) && wanted.Add(intent.Address))
                {
                    address ??= Add(intent.Address);
                    address.Configure(vip, intent, snapshot.Revision, _now);
                }
            }
        }

        foreach (var address in _addresses.Values)
        {
            if (!wanted.Contains(address.Address))
            {
                address.Remove(_now);
            }
        }

        _context.AudienceChanged = true;
        return EndWithAll();
    }

    public IReadOnlyList<FailoverAction> SetInterfaces(TimeSpan now, ImmutableArray<NodeInterface> interfaces)
    {
        Begin(now);
        _links.Interfaces = interfaces;
        foreach (var address in _addresses.Values)
        {
            _links.Apply(address, _now);
        }

        return EndWithAll();
    }

    public IReadOnlyList<FailoverAction> SetControllerConnected(TimeSpan now, bool connected)
    {
        Begin(now);
        _context.ControllerConnected = connected;
        return End();
    }

    /// <summary>The gateway of a network was heard or fell silent. What an isolated holder does depends on it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="interfaceName">The interface it is reached by.</param>
    /// <param name="family">For the addresses of which family it is the gateway.</param>
    /// <param name="reachable">Null when no gateway is known, or none that was ever heard.</param>
    public IReadOnlyList<FailoverAction> SetGatewayReachable(
        TimeSpan now, string interfaceName, AddressFamily family, bool? reachable)
    {
        Begin(now);
        _links.SetGateway(interfaceName, family, reachable);
        foreach (var address in _addresses.Values)
        {
            _links.Apply(address, _now);
        }

        return EndWithAll();
    }

    /// <summary>A heartbeat came in that is authentic and no replay. One from a node that is not known is ignored.</summary>
    /// <param name="now">The time.</param>
    /// <param name="heartbeat">What it says.</param>
    /// <param name="sequence">Number of the packet: one that was overtaken by a later one does not undo what that said.</param>
    public IReadOnlyList<FailoverAction> HeartbeatReceived(TimeSpan now, Heartbeat heartbeat, ulong sequence)
    {
        Begin(now);
        if (_context.Peers.TryGetValue(heartbeat.Sender, out var peer))
        {
            Hear(peer, heartbeat, sequence);
        }

        return End();
    }

    /// <summary>Another machine announced one of our addresses on the wire.</summary>
    public IReadOnlyList<FailoverAction> ClaimObserved(TimeSpan now, IPAddress address, PhysicalAddress macAddress)
    {
        Begin(now);
        if (_addresses.TryGetValue(address, out var known))
        {
            var node = _macs.GetValueOrDefault(macAddress);
            if (node != _context.Self)
            {
                known.SeenOnWire(node, macAddress, _now);
                known.Tick(_now);
            }
        }

        return End();
    }

    /// <summary>A <see cref="FailoverAction.Hold"/> or <see cref="FailoverAction.Announce"/> could not be done.</summary>
    public IReadOnlyList<FailoverAction> HoldFailed(TimeSpan now, IPAddress address)
    {
        Begin(now);
        if (_addresses.TryGetValue(address, out var known))
        {
            known.HoldFailed(_now);
            known.Tick(_now);
        }

        return End();
    }

    /// <summary>Hands every address over, make before break; done when <see cref="IsStopped"/>.</summary>
    public IReadOnlyList<FailoverAction> RequestStop(TimeSpan now)
    {
        Begin(now);
        if (!_context.Stopping)
        {
            _context.Stopping = true;
            foreach (var address in _addresses.Values)
            {
                address.Stop(_now);
            }

            // So that nobody asks this node to take over what it is about to give up itself.
            foreach (var peer in _context.Peers.Values)
            {
                peer.SendSoon = true;
            }
        }

        return EndWithAll();
    }

    private void Begin(TimeSpan now)
    {
        _context.Actions.Clear();
        var expected = NextWakeup < _now ? _now : NextWakeup;
        _now = _started && now < _now ? _now : now;
        _started = true;
        var lateness = expected == TimeSpan.MaxValue || _now < expected ? TimeSpan.Zero : _now - expected;
        _context.IsLate = lateness > Late;
        if (!_context.IsLate && !AnyDeadlinePassed())
        {
            return;
        }

        foreach (var address in _addresses.Values)
        {
            address.Wake(_now, lateness);
            address.Tick(_now);
        }
    }

    private bool AnyDeadlinePassed()
    {
        foreach (var address in _context.Held)
        {
            if (_now > address.Deadline)
            {
                return true;
            }
        }

        return false;
    }

    private List<FailoverAction> EndWithAll()
    {
        _context.DueAt(_now);
        return End();
    }

    private List<FailoverAction> End()
    {
        var due = _now >= _context.NextDue;
        if (due)
        {
            TickAll();
        }

        if (_context.AudienceChanged)
        {
            _context.AudienceChanged = false;
            _schedule.Rebuild();
        }

        // The deadlines follow what was sent.
        if (_schedule.SendDue(_now) || due)
        {
            foreach (var address in _context.Held)
            {
                address.ExtendDeadline(_now);
            }
        }

        if (due)
        {
            FindNextDue();
        }

        var next = _schedule.NextSend < _context.NextDue ? _schedule.NextSend : _context.NextDue;
        NextWakeup = next < _now ? _now : next;
        return _context.Actions;
    }

    private void FindNextDue()
    {
        _context.NothingDue();
        foreach (var address in _addresses.Values)
        {
            _context.DueAt(address.Due(_now));
        }
    }

    private void TickAll()
    {
        List<AddressFailover>? unneeded = null;
        foreach (var address in _addresses.Values)
        {
            address.Tick(_now);
            if (!address.IsNeeded(_now))
            {
                (unneeded ??= []).Add(address);
            }
        }

        foreach (var address in unneeded ?? [])
        {
            _context.Version++;
            _addresses.Remove(address.Address);
            _context.AudienceChanged = true;
        }
    }

    private void Hear(FailoverPeer peer, Heartbeat heartbeat, ulong sequence)
    {
        if (peer.Epoch != heartbeat.Epoch)
        {
            if (peer.Epoch != 0)
            {
                foreach (var address in _addresses.Values)
                {
                    address.PeerRestarted(peer.Name, _now);
                    address.Tick(_now);
                }
            }

            peer.Epoch = heartbeat.Epoch;
            peer.SendSoon = true;
        }

        if (peer.Revision != heartbeat.Revision)
        {
            peer.Revision = heartbeat.Revision;
            _context.DueAt(_now);
        }

        peer.LastHeard = _now;
        peer.HearsUs = heartbeat.ReceiverEpoch != 0;
        if (peer.Leaving != heartbeat.Leaving)
        {
            peer.Leaving = heartbeat.Leaving;
            _context.DueAt(_now);
        }

        foreach (var claim in heartbeat.Claims)
        {
            if (_addresses.TryGetValue(claim.Address, out var address))
            {
                address.ClaimHeard(peer.Name, claim, sequence, _now);
                address.Tick(_now);
            }
        }
    }

    private AddressFailover Add(IPAddress ip)
    {
        if (!_terms.TryGetValue(ip, out var terms))
        {
            _terms.Add(ip, terms = new TermLedger(_context, ip, persisted: 0));
        }

        var address = new AddressFailover(_context, ip, terms, _now);
        _links.Apply(address, _now);
        _addresses.Add(ip, address);
        return address;
    }

    private void ApplyNodes(ClusterSnapshot snapshot)
    {
        _macs.Clear();
        foreach (var node in snapshot.Nodes)
        {
            foreach (var nic in node.Interfaces)
            {
                _macs.TryAdd(nic.MacAddress, node.Name);
            }

            if (node.Name != _context.Self)
            {
                _context.Peers.TryAdd(node.Name, new FailoverPeer(node.Name));
            }
        }

        var names = snapshot.Nodes.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _context.Peers.Keys.Where(name => !names.Contains(name)).ToArray())
        {
            _context.Peers.Remove(gone);
        }
    }
}
