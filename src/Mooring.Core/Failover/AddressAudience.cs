using System.Collections.Immutable;

namespace Mooring.Core.Failover;

/// <summary>Who else has to do with one address, and what is heard of them.</summary>
internal sealed class AddressAudience(FailoverContext context)
{
    private const int MaxOthers = 8;

    public ImmutableArray<string> Candidates { get; set; } = [];

    /// <summary>
    /// Other nodes that were seen to claim, the last ones: they hear of this node even when they are no candidates, as they
    /// would take over from a holder they do not hear.
    /// </summary>
    public List<string> Others { get; } = [];

    public bool HasSelf => Candidates.Contains(context.Self);

    /// <summary>Place of this node in the list, <see cref="ClaimId.NoRank"/> when it is not in it.</summary>
    public byte OwnRank =>
        Candidates.IndexOf(context.Self) is var index and >= 0 and < ClaimId.NoRank ? (byte)index : ClaimId.NoRank;

    /// <summary>
    /// How many candidates come before this node and may take over: not the holder that was lost, and nobody who is
    /// silent or shuts down.
    /// </summary>
    public int PlaceInLine(string? lost, TimeSpan now, TimeSpan window)
    {
        var place = 0;
        foreach (var candidate in Candidates)
        {
            if (candidate == context.Self)
            {
                break;
            }

            if (candidate != lost && context.Peers.TryGetValue(candidate, out var peer))
            {
                place += context.Rules.SilentNodesAreNotInLine && (peer.Leaving || !peer.HeardWithin(now, window)) ? 0 : 1;
            }
        }

        return place;
    }

    public void Remember(string node)
    {
        if (!Others.Contains(node))
        {
            if (Others.Count == MaxOthers)
            {
                Others.RemoveAt(0);
            }

            Others.Add(node);
            context.AudienceChanged |= !Candidates.Contains(node);
        }
    }

    public void TellAll()
    {
        foreach (var candidate in Candidates)
        {
            context.SendSoon(candidate);
        }

        foreach (var other in Others)
        {
            context.SendSoon(other);
        }
    }

    /// <summary>
    /// The first candidate that could take over: heard lately, hears this node, does not shut down, and is not in
    /// <paramref name="but"/>.
    /// </summary>
    public string? FirstFit(TimeSpan now, TimeSpan window, IReadOnlySet<string> but)
    {
        foreach (var candidate in Candidates)
        {
            if (context.Peers.TryGetValue(candidate, out var peer)
                && !peer.Leaving && peer.HearsUs && peer.HeardWithin(now, window) && !but.Contains(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>Every candidate that is heard works from a snapshot of one of these revisions.</summary>
    public bool AllHeardWorkFrom(ulong first, ulong last, TimeSpan now, TimeSpan window)
    {
        foreach (var candidate in Candidates)
        {
            if (context.Peers.TryGetValue(candidate, out var peer)
                && peer.HeardWithin(now, window) && (peer.Revision < first || peer.Revision > last))
            {
                return false;
            }
        }

        return true;
    }

    public bool IsLeaving(string node) => context.Peers.TryGetValue(node, out var peer) && peer.Leaving;

    /// <summary>On what ground this node may answer.</summary>
    /// <param name="now">The time.</param>
    /// <param name="window">How long ago a candidate may have been heard to count.</param>
    /// <param name="gateway">Whether the gateway of the address's network is heard; null when none is known.</param>
    public HoldingEvidence Evidence(TimeSpan now, TimeSpan window, bool? gateway)
    {
        var alone = true;
        foreach (var candidate in Candidates)
        {
            if (candidate != context.Self && context.Peers.TryGetValue(candidate, out var peer))
            {
                alone = false;
                if (peer.HeardWithin(now, WindowOf(peer, window)))
                {
                    return HoldingEvidence.Candidate;
                }
            }
        }

        return (alone, context.ControllerConnected, gateway) switch
        {
            (true, _, _) => HoldingEvidence.NoOtherCandidate,
            (_, true, _) => HoldingEvidence.Controller,
            (_, _, true) => HoldingEvidence.Gateway,
            (_, _, false) => HoldingEvidence.None,
            _ => HoldingEvidence.LinkOnly,
        };
    }

    /// <summary>A peer that works from another snapshot may share only slower addresses with this node.</summary>
    private TimeSpan WindowOf(FailoverPeer peer, TimeSpan window) =>
        peer.Revision == context.Revision || window > context.LongestDetect ? window : context.LongestDetect;

    /// <summary>Oldest of the last heartbeats sent to each candidate; <paramref name="now"/> when there is none.</summary>
    public TimeSpan OldestLastSent(TimeSpan now)
    {
        foreach (var candidate in Candidates)
        {
            if (context.Peers.TryGetValue(candidate, out var peer) && peer.LastSent is { } sent && sent < now)
            {
                now = sent;
            }
        }

        return now;
    }
}
