using Mooring.Api.V1Alpha1;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Reporting;

/// <summary>The nodes of an address by rank, each with the reason it may or may not hold it. Pure.</summary>
internal static class CandidateList
{
    public const int MaxNodes = 100;

    public static IList<CandidateNode> Compute(AddressPlacement placement, HolderClaim? holder)
    {
        var nodes = new List<CandidateNode>();
        string? ahead = null;
        foreach (var node in placement.Candidates)
        {
            var holds = node == holder?.Node;
            nodes.Add(new CandidateNode
            {
                Node = node,
                Role = holds ? "Holder" : "Standby",
                Eligible = true,
                Reason = holds ? "Holds" : "Eligible",
                Message = holds ? $"answers for {placement.Address}"
                    : ahead is null ? $"is to answer for {placement.Address}"
                    : $"takes over after {ahead}",
            });
            ahead = node;
        }

        nodes.AddRange(placement.Spares.Select(node => new CandidateNode
        {
            Node = node,
            Role = node == holder?.Node ? "Holder" : "Spare",
            Eligible = true,
            Reason = "Eligible",
            Message = "becomes a standby when one of the others goes away",
        }));
        nodes.AddRange(placement.Rejected.Select(node => new CandidateNode
        {
            Node = node.Node,
            Role = node.Node == holder?.Node ? "Holder" : "None",
            Eligible = false,
            Reason = node.Reason.ToString(),
            Message = node.Message,
        }));
        return nodes.Count <= MaxNodes ? nodes : nodes.GetRange(0, MaxNodes);
    }
}
