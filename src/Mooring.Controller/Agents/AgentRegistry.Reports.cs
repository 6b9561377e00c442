using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.World;

namespace Mooring.Controller.Agents;

/// <summary>What agents say while their stream is open.</summary>
internal sealed partial class AgentRegistry
{
    private ImmutableHashSet<string> _awaited = [];

    /// <summary>Calls <paramref name="change"/> if the stream is still the node's; an older one has no say.</summary>
    public void Update(AgentSession session, Action<AgentEntry, HolderTable> change)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(session.Node, out var entry) || entry.Session != session)
            {
                return;
            }

            change(entry, _holders);
        }

        Changed.Raise();
    }

    /// <summary>Loads come all the time: whoever goes by them looks when it is time, and nobody is woken.</summary>
    public void Loaded(AgentSession session, ImmutableDictionary<EndpointKey, EndpointLoadReport> loads)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(session.Node, out var entry) && entry.Session == session)
            {
                entry.Loads = loads;
            }
        }
    }

    public void Moved(AgentSession session, HolderMove report)
    {
        Update(session, (_, holders) =>
        {
            if (holders.Take(report) is { } move)
            {
                if (move.Phases?.FirstPacket is null)
                {
                    _moves.Add([move]);
                }
                else
                {
                    _moves.Complete(move);
                }

                _failures = _failures.Add(move, time.GetUtcNow(), options.CurrentValue.FailureHalfLife);
            }
        });
    }

    public void GaveUp(AgentSession session, IPAddress address, ulong term)
    {
        Update(session, (entry, holders) =>
        {
            _contested.GaveUp(entry.Node, address);
            if (holders.GiveUp(entry.Node, address, term) is { } move)
            {
                _moves.Add([move]);
            }
        });
    }

    public void Saw(AgentSession session, ReportedConflict conflict) =>
        Update(session, (_, holders) =>
        {
            _conflicts.Add(conflict);

            // The report may come after the end of what it tells of: streams of two agents have no order.
            if (holders.Claims(conflict.SeenBy, conflict.Address)
                && (conflict.Owner is not { } owner
                    || holders.Claims(owner, conflict.Address)
                    || _entries.GetValueOrDefault(owner)?.Session is null))
            {
                _contested.Saw(conflict);
            }
        });

    /// <summary>
    /// A revision was taken or refused. A thousand agents answer each revision: only an answer that something waits for, or
    /// that tells something new, wakes whoever computes snapshots.
    /// </summary>
    public void Acknowledged(AgentSession session, ulong revision, bool applied, ImmutableArray<Refusal> refusals)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(session.Node, out var entry) || entry.Session != session)
            {
                return;
            }

            var news = !entry.Refusals.SequenceEqual(refusals);
            if (news)
            {
                entry.Refuse(refusals, time.GetTimestamp());
            }

            if (applied)
            {
                news |= !_anyApplied || revision > (_published?.Revision ?? 0) || _awaited.Contains(session.Node);
                (entry.AppliedRevision, _anyApplied) = (revision, true);
            }

            if (!news)
            {
                return;
            }
        }

        Changed.Raise();
    }

    /// <summary>Wakes whoever computes snapshots when one of the nodes acknowledges something from now on.</summary>
    /// <param name="nodes">Nodes with something that goes on when they have it.</param>
    /// <param name="seen">What was known of them when that was found.</param>
    public void Await(ImmutableHashSet<string> nodes, AgentsView seen)
    {
        lock (_lock)
        {
            _awaited = nodes;
            if (!nodes.Any(node => _entries.GetValueOrDefault(node)?.AppliedRevision != seen.Agents.GetValueOrDefault(node)?.AppliedRevision))
            {
                return;
            }
        }

        Changed.Raise();
    }
}
