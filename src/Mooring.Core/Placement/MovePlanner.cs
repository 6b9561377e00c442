using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Placement;

/// <summary>
/// Takes addresses from live holders to where placement wants them, a few at a time: pure. Until its move begins, a
/// holder stays first in line whatever placement says; a move begins when the next holder has programmed the address.
/// </summary>
public static class MovePlanner
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(10);

    /// <param name="placements">Where each address belongs.</param>
    /// <param name="context">What is the case.</param>
    /// <param name="options">How fast to move.</param>
    public static MovePlan Plan(
        IEnumerable<AddressPlacement> placements, MoveContext context, MoveOptions options)
    {
        var all = placements.OrderBy(placement => placement.Address, IPAddressOrder.Instance).ToArray();
        var moves = new Dictionary<IPAddress, AddressMove>();
        foreach (var placement in all)
        {
            if (Want(placement, context) is { } wanted)
            {
                moves[placement.Address] = GiveUpIfLate(wanted, context.Now, options);
            }
        }

        Begin(moves, context, options);
        foreach (var (address, move) in moves.Where(entry => entry.Value.Stage == MoveStage.Preparing).ToArray())
        {
            moves[address] = AskIfPrepared(address, move, context);
        }

        return new MovePlan(
            all.ToDictionary(
                placement => placement.Address,
                placement => Publish(placement, moves.GetValueOrDefault(placement.Address), context)),
            moves.ToImmutableDictionary(),
            NextCheck(moves.Values, context.Now, options));
    }

    /// <summary>The move that the address needs, as far as it had come; null when it is where it belongs.</summary>
    private static AddressMove? Want(AddressPlacement placement, MoveContext context)
    {
        if (placement.Holder is not { } best
            || !context.Holders.TryGetValue(placement.Address, out var holder)
            || holder == best
            || (placement.IsLastResort && IsBetterThanNobody(placement, holder))
            || !IsPlanned(placement, holder, out var evacuates))
        {
            return null;
        }

        var known = context.Moves.GetValueOrDefault(placement.Address);
        if (known is null || known.From != holder)
        {
            return new AddressMove
            {
                From = holder, To = best, Evacuates = evacuates, Requested = placement.Requested, WantedSince = context.Now, StageSince = context.Now,
            };
        }

        known = known with { Evacuates = evacuates, Requested = placement.Requested };
        if (known.To == best || (known.InFlight && placement.MayBeHeldBy(known.To)))
        {
            return known;
        }

        return known with
        {
            To = best,
            Stage = MoveStage.Waiting,
            WantedSince = context.Now,
            StageSince = context.Now,
            PreparedBy = null,
        };
    }

    /// <summary>
    /// Whether the holder can go on until the next one has taken over. Where it cannot, because it is gone or has no link
    /// to the address, it is simply left out.
    /// </summary>
    private static bool IsPlanned(AddressPlacement placement, string holder, out IneligibleReason? evacuates)
    {
        evacuates = placement.Rejected.FirstOrDefault(node => node.Node == holder)?.Reason;
        return evacuates is null ? placement.MayBeHeldBy(holder) : CanGoOn(evacuates.Value);
    }

    private static bool CanGoOn(IneligibleReason reason) => reason
        is IneligibleReason.Draining or IneligibleReason.NodeNotReady or IneligibleReason.NetworkUnavailable
        or IneligibleReason.ExcludedByLabel or IneligibleReason.NodeSelectorMismatch or IneligibleReason.NoLocalEndpoints
        or IneligibleReason.CannotForward;

    private static AddressMove GiveUpIfLate(AddressMove move, TimeSpan now, MoveOptions options)
    {
        if (!move.InFlight || now - move.StageSince < options.Timeout)
        {
            return move;
        }

        var delay = FirstRetry * Math.Pow(2, Math.Min(move.Failures, 10));
        return move with
        {
            Stage = MoveStage.Waiting,
            StageSince = now,
            NotBefore = now + (delay < LastRetry ? delay : LastRetry),
            PreparedBy = null,
            Failures = move.Failures + 1,
        };
    }

    private static void Begin(Dictionary<IPAddress, AddressMove> moves, MoveContext context, MoveOptions options)
    {
        var room = options.MaxInFlight - moves.Values.Count(move => move.InFlight);
        var ready = moves
            .Where(entry => entry.Value.Stage == MoveStage.Waiting
                && Due(entry.Value, options) <= context.Now
                && context.Applied.ContainsKey(entry.Value.From)
                && context.Applied.ContainsKey(entry.Value.To))
            .OrderBy(entry => entry.Value.Evacuates is null ? 1 : 0)
            .ThenBy(entry => entry.Value.WantedSince)
            .ThenBy(entry => entry.Key, IPAddressOrder.Instance)
            .Take(Math.Max(0, room))
            .ToArray();
        foreach (var (address, move) in ready)
        {
            moves[address] = move with { Stage = MoveStage.Preparing, StageSince = context.Now };
        }
    }

    /// <summary>When a waiting move may begin. One that only betters things waits until the better node has stayed so.</summary>
    private static TimeSpan Due(AddressMove move, MoveOptions options)
    {
        var settled = move is { Evacuates: null, Requested: false } ? move.WantedSince + options.FailbackDelay : TimeSpan.MinValue;
        return settled > move.NotBefore ? settled : move.NotBefore;
    }

    private static AddressMove AskIfPrepared(IPAddress address, AddressMove move, MoveContext context)
    {
        if (move.PreparedBy is null
            && context.PublishedCandidates.TryGetValue(address, out var candidates)
            && candidates.Contains(move.To))
        {
            move = move with { PreparedBy = context.Published };
        }

        return move.PreparedBy is { } revision
            && context.Applied.GetValueOrDefault(move.To) >= revision
            && !context.Refuses(move.To, address)
                ? move with { Stage = MoveStage.Asked, StageSince = context.Now, Id = context.Published + 1 }
                : move;
    }

    private static PlannedAddress Publish(AddressPlacement placement, AddressMove? move, MoveContext context)
    {
        if (move is null)
        {
            return new PlannedAddress(KeepWhereNobodyElseCan(placement, context), Move: null);
        }

        string[] first = move.Stage == MoveStage.Asked ? [move.To, move.From] : [move.From, move.To];
        var length = Math.Max(first.Length, placement.Candidates.Length);
        return new PlannedAddress(
            [.. first.Concat(placement.Candidates).Distinct(StringComparer.Ordinal).Take(length)],
            move.Stage == MoveStage.Asked ? new MoveIntent(move.Id, move.To) : null);
    }

    /// <summary>With no eligible node at all, or none that can forward.</summary>
    private static ImmutableArray<string> KeepWhereNobodyElseCan(AddressPlacement placement, MoveContext context) =>
        (placement.Candidates.IsEmpty || placement.IsLastResort)
        && context.Holders.TryGetValue(placement.Address, out var holder)
        && IsBetterThanNobody(placement, holder)
            ? [holder, .. placement.Candidates]
            : placement.Candidates;

    /// <summary>It was only asked to leave, or Kubernetes lost sight of it.</summary>
    private static bool IsBetterThanNobody(AddressPlacement placement, string holder) =>
        placement.Rejected.Any(node => node.Node == holder && node.Reason
            is IneligibleReason.Draining or IneligibleReason.NodeNotReady or IneligibleReason.NetworkUnavailable);

    private static TimeSpan? NextCheck(IEnumerable<AddressMove> moves, TimeSpan now, MoveOptions options)
    {
        TimeSpan? next = null;
        foreach (var move in moves)
        {
            var at = move.InFlight ? move.StageSince + options.Timeout : Due(move, options);
            if (at > now && (next is null || at < next))
            {
                next = at;
            }
        }

        return next;
    }
}
