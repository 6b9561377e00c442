using System.Net;

namespace Mooring.Controller.Agents;

/// <summary>An agent saw another machine claim one of our addresses.</summary>
/// <param name="MacAddress">As people write it: 02:00:00:00:00:01; empty when it was learned from a heartbeat.</param>
/// <param name="Owner">Node that owns the MAC address; null for a foreign host.</param>
/// <param name="SeenBy">Node whose agent saw it.</param>
internal sealed record ReportedConflict(IPAddress Address, string MacAddress, string? Owner, string SeenBy)
{
    /// <summary>What was seen, and for a foreign host the fix.</summary>
    public string Describe()
    {
        if (Owner is { } node)
        {
            var mac = MacAddress.Length == 0 ? "" : $" ({MacAddress})";
            return $"{node}{mac} claims {Address} as well (seen by {SeenBy})";
        }

        var foreigner = MacAddress.Length == 0 ? "a host that is no node of the cluster" : $"{MacAddress}, which is no node of the cluster,";
        return $"{foreigner} uses {Address} (seen by {SeenBy}); take the address from that machine or choose another";
    }
}
