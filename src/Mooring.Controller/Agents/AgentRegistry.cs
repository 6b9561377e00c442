using System.Collections.Immutable;
using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Agents;

/// <summary>
/// Every agent, what it has said, and the snapshot all of them should have. Serves only while this replica leads.
/// One lock guards all of it; nothing is awaited or sent under it.
/// </summary>
internal sealed partial class AgentRegistry(
    IOptionsMonitor<ControllerOptions> options, TimeProvider time, ILogger<AgentRegistry> logger)
{
    private static readonly Status NotLeading = new(
        StatusCode.Unavailable, "this replica does not lead; try another address of the controller");

    /// <summary>The agent tries again within this, several times.</summary>
    public static readonly TimeSpan ForwardingPatience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, AgentEntry> _entries = new(StringComparer.Ordinal);
    private HolderTable _holders = new();
    private PendingMoves _moves = new(time);
    private List<ReportedConflict> _conflicts = [];
    private ContestedAddresses _contested = new(time);
    private AddressProbes _probes = new(time);
    private FailureMemory _failures = FailureMemory.Empty;
    private PublishedSnapshot? _published;
    private ulong _adoptedRevision;
    private PublishedTables _adopted = PublishedTables.None;
    private bool _anyApplied;
    private bool _serving;

    /// <summary>Something that a snapshot is computed from changed.</summary>
    public ChangeSignal Changed { get; } = new();

    public PublishedSnapshot? Published
    {
        get
        {
            lock (_lock)
            {
                return _published;
            }
        }
    }

    /// <summary>What the agent with the highest revision worked by when it connected.</summary>
    public PublishedTables Adopted
    {
        get
        {
            lock (_lock)
            {
                return _adopted;
            }
        }
    }

    /// <summary>Highest revision any agent works from.</summary>
    public ulong MaxAppliedRevision
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Select(entry => entry.AppliedRevision).DefaultIfEmpty().Max();
            }
        }
    }

    /// <summary>Begins to serve agents, knowing what was true before.</summary>
    /// <param name="adopted">Holders by the status of the VirtualIps.</param>
    /// <param name="expected">Nodes that had an agent.</param>
    /// <param name="failures">Nodes that failed before.</param>
    public void Begin(
        IReadOnlyDictionary<IPAddress, HolderClaim> adopted, IEnumerable<string> expected, FailureMemory failures)
    {
        lock (_lock)
        {
            _entries.Clear();
            _holders = new HolderTable();
            _moves = new PendingMoves(time);
            _conflicts = [];
            _contested = new ContestedAddresses(time);
            _probes = new AddressProbes(time);
            _published = null;
            (_adoptedRevision, _adopted) = (0, PublishedTables.None);
            (_awaited, _anyApplied) = ([], false);
            ForgetViews();
            _failures = failures;
            foreach (var (address, claim) in adopted)
            {
                _holders.Adopt(address, claim.Node.Length == 0 ? null : claim.Node, claim.Term, claim.Since);
            }

            foreach (var node in adopted.Values.Select(claim => claim.Node).Where(node => node.Length > 0).Union(expected))
            {
                _entries.Add(node, new AgentEntry(node, time.GetTimestamp()));
            }

            _serving = true;
        }
    }

    /// <summary>Ends every stream; agents look for the next leader and go on by themselves meanwhile.</summary>
    public void End()
    {
        lock (_lock)
        {
            _serving = false;
            _published = null;
            foreach (var entry in _entries.Values)
            {
                entry.Session?.Close(NotLeading);
                entry.Session = null;
            }
        }
    }

    /// <summary>Takes a new stream; an older one of the same node is closed.</summary>
    /// <exception cref="RpcException">UNAVAILABLE on a replica that does not lead.</exception>
    public void Open(
        AgentSession session,
        AgentFacts facts,
        IReadOnlyDictionary<IPAddress, HolderClaim> held,
        IReadOnlyDictionary<IPAddress, ulong> terms,
        ImmutableDictionary<EndpointKey, EndpointVerdict> health,
        PublishedTables tables)
    {
        lock (_lock)
        {
            ThrowIfNotServing();
            if (session.AppliedAtStart > _adoptedRevision)
            {
                (_adoptedRevision, _adopted) = (session.AppliedAtStart, tables);
            }

            var entry = EntryOf(session.Node);
            entry.Session?.Close(new Status(StatusCode.Aborted, $"a newer stream of {session.Node} replaced this one"));
            entry.Session = session;
            entry.GivenUp = false;
            entry.Facts = facts;
            entry.AppliedRevision = session.AppliedAtStart;
            _anyApplied |= session.AppliedAtStart > 0;
            entry.Refuse([], 0);
            entry.Judge(health);
            entry.Loads = null;
            foreach (var (address, term) in terms)
            {
                _holders.SeeTerm(address, term);
            }

            _moves.Add(_holders.Replace(session.Node, held));
        }

        Log.Connected(logger, session.Node, session.Peer, session.Version, session.AppliedAtStart);
        Changed.Raise();
    }

    /// <summary>The stream ended.</summary>
    public void Close(AgentSession session)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(session.Node, out var entry) || entry.Session != session)
            {
                return;
            }

            entry.Session = null;
            entry.AwaySince = time.GetTimestamp();
        }

        Log.Disconnected(logger, session.Node);
        Changed.Raise();
    }

    /// <summary>Gives up agents that have been away for longer than the grace, and forgets conflicts that are over.</summary>
    /// <returns>True when agents are still expected, or conflicts go on: ask again soon.</returns>
    public bool Expire()
    {
        var expected = false;
        lock (_lock)
        {
            if (_contested.Expire() | _probes.Expire())
            {
                Changed.Raise();
            }

            expected = GiveUpOnForwarding() || _contested.Any || _probes.Asking;
            foreach (var entry in _entries.Values.Where(entry => entry.Presence == AgentPresence.Expected))
            {
                if (time.GetElapsedTime(entry.AwaySince) < options.CurrentValue.AgentGrace)
                {
                    expected = true;
                    continue;
                }

                entry.GivenUp = true;
                entry.Judge(ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty);
                entry.Refuse([], 0);
                _moves.Add(_holders.Forget(entry.Node));
                _failures = _failures.Add(
                    entry.Node, HolderFailures.AgentLost, time.GetUtcNow(), options.CurrentValue.FailureHalfLife);
                Log.GivenUp(logger, entry.Node, options.CurrentValue.AgentGrace);
                Changed.Raise();
            }
        }

        return expected;
    }

    /// <summary>A kernel that refuses everything may do so for a moment: only one that goes on with it costs the node its addresses.</summary>
    /// <returns>True when there are nodes of which it is not clear yet.</returns>
    private bool GiveUpOnForwarding()
    {
        var unclear = false;
        foreach (var entry in _entries.Values.Where(entry => entry is { FailingSince: not null, CannotForward: false }))
        {
            if (time.GetElapsedTime(entry.FailingSince!.Value) < ForwardingPatience)
            {
                unclear = true;
                continue;
            }

            entry.CannotForward = true;
            Log.CannotForward(logger, entry.Node, ForwardingPatience);
            Changed.Raise();
        }

        return unclear;
    }

    /// <summary>True once every agent that was there before has connected.</summary>
    public bool AllConnected()
    {
        lock (_lock)
        {
            return _entries.Values.All(entry => entry.Session is not null);
        }
    }

    /// <summary>Changes of holder and conflicts since the last call.</summary>
    /// <param name="moves">Those whose story is complete, or has been waited for long enough.</param>
    /// <param name="conflicts">What agents saw.</param>
    /// <returns>True when there are more to come soon.</returns>
    public bool Drain(out IReadOnlyList<HolderMove> moves, out IReadOnlyList<ReportedConflict> conflicts)
    {
        lock (_lock)
        {
            moves = _moves.Take();
            (conflicts, _conflicts) = (_conflicts, []);
            return _moves.Any;
        }
    }

    public void ThrowIfNotServing()
    {
        lock (_lock)
        {
            if (!_serving)
            {
                throw new RpcException(NotLeading);
            }
        }
    }

    private AgentEntry EntryOf(string node)
    {
        if (!_entries.TryGetValue(node, out var entry))
        {
            entry = new AgentEntry(node, time.GetTimestamp());
            _entries.Add(node, entry);
        }

        return entry;
    }

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Information,
            Message = "Agent of {Node} connected from {Peer}, version {Version}, at revision {Revision}")]
        public static partial void Connected(ILogger logger, string node, string peer, string version, ulong revision);

        [LoggerMessage(Level = LogLevel.Information, Message = "Agent of {Node} disconnected")]
        public static partial void Disconnected(ILogger logger, string node);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Agent of {Node} did not come back within {Grace}")]
        public static partial void GivenUp(ILogger logger, string node, TimeSpan grace);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The kernel of {Node} has refused everything for {Patience}: it is to hold no addresses")]
        public static partial void CannotForward(ILogger logger, string node, TimeSpan patience);
    }
}
