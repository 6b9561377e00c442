using System.Globalization;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Reporting;

/// <summary>The nodes of an address by rank, each with the reason it may or may not hold it. Pure.</summary>
internal static class CandidateList
{
    public static IList<CandidateNode> Compute(AddressPlacement placement, HolderClaim? holder, AddressMove? move = null)
    {
        var nodes = new List<CandidateNode>();
        string? ahead = null;
        foreach (var node in placement.Candidates)
        {
            var place = ahead is null ? $"is to answer for {placement.Address}" : $"takes over after {ahead}";
            nodes.Add(Eligible(placement, node, "Standby", place, holder, move));
            ahead = node;
        }

        nodes.AddRange(placement.Spares.Select(node => Eligible(
            placement, node, "Spare", "becomes a standby when one of the others goes away", holder, move)));
        nodes.AddRange(placement.Rejected.Select(node => new CandidateNode
        {
            Node = node.Node,
            Role = node.Node == holder?.Node ? "Holder" : "None",
            Eligible = false,
            Reason = node.Reason.ToString(),
            Message = node.Message,
        }));
        return nodes.Count <= VirtualIpStatus.MaxCandidates ? nodes : nodes.GetRange(0, VirtualIpStatus.MaxCandidates);
    }

    private static CandidateNode Eligible(
        AddressPlacement placement, string node, string role, string place, HolderClaim? holder, AddressMove? move)
    {
        var (reason, message) =
            node == holder?.Node ? ("Holds", $"answers for {placement.Address}")
            : placement.Away.Contains(node) ? ("AgentAway", $"{place}; its agent is away and expected back")
            : node == move?.To ? Describe(placement, move)
            : placement.Failures.TryGetValue(node, out var failure) ? ("RecentlyFailed", $"{place}; {Describe(failure)}")
            : ("Eligible", place);
        return new CandidateNode
        {
            Node = node,
            Role = node == holder?.Node ? "Holder" : role,
            Eligible = true,
            Reason = reason,
            Message = message,
        };
    }

    private static (string Reason, string Message) Describe(AddressPlacement placement, AddressMove move) => move.Stage switch
    {
        MoveStage.Asked => ("Moving", $"takes {placement.Address} over from {move.From}"),
        MoveStage.Preparing => ("Moving", $"programs {placement.Address} before {move.From} hands it over"),
        _ when move.Failures > 0 => (
            "MoveWaiting", $"is to take {placement.Address} over from {move.From}; failed {move.Failures} times, tried again later"),
        _ when move.Evacuates is null => (
            "MoveWaiting", $"is to take {placement.Address} over from {move.From} when it has been the better node for a while"),
        _ => ("MoveWaiting", $"is to take {placement.Address} over from {move.From} when other moves are done"),
    };

    private static string Describe(NodeFailure failure) =>
        $"ranks behind nodes that did not fail lately until {Time(failure.Until)}: {failure.Reason} at {Time(failure.At)}";

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
