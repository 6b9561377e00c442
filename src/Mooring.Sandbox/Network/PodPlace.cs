using System.Net;

namespace Mooring.Sandbox.Network;

/// <summary>A pod's place on its node.</summary>
/// <param name="Slot">0 for the first pod of the node; the addresses and the interface follow from it.</param>
internal sealed record PodPlace(string Name, NodePlace Node, int Slot, IPAddress Address, IPAddress AddressV6)
{
    /// <summary>The node's end of the pod's cable.</summary>
    public string NodeInterface => $"pod{Slot}";

    /// <summary>
    /// Follows from the address, so that a neighbour entry for a pod that is gone is right for the next one with its address.
    /// </summary>
    public string MacAddress => $"0a:58:{string.Join(':', Address.GetAddressBytes().Select(part => $"{part:x2}"))}";
}
