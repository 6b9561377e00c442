using System.Net;

namespace Mooring.Sandbox.Network;

/// <summary>A node's place on the LAN and the subnets of its pods.</summary>
internal sealed record NodePlace
{
    private const int FirstNodeOctet = 10;
    private const int FirstPodOctet = 2;

    public NodePlace(int index)
    {
        Index = index;
        Host = LanHost.At($"node-{index}", FirstNodeOctet + index);
        PodSubnet = IPNetwork.Parse($"10.71.{index}.0/24");
        PodSubnetV6 = IPNetwork.Parse($"fd00:71:{index}::/64");
        PodGateway = IPAddress.Parse($"10.71.{index}.1");
        PodGatewayV6 = IPAddress.Parse($"fd00:71:{index}::1");
    }

    /// <summary>1 for the first node.</summary>
    public int Index { get; }

    public LanHost Host { get; }

    public string Name => Host.Name;

    public IPNetwork PodSubnet { get; }

    public IPNetwork PodSubnetV6 { get; }

    public IPAddress PodGateway { get; }

    public IPAddress PodGatewayV6 { get; }

    /// <param name="pod">Name of the pod.</param>
    /// <param name="slot">Its place on the node, 0 for the first.</param>
    public PodPlace Pod(string pod, int slot)
    {
        var octet = FirstPodOctet + slot;
        return new PodPlace(
            pod,
            this,
            slot,
            IPAddress.Parse($"10.71.{Index}.{octet}"),
            IPAddress.Parse($"fd00:71:{Index}::{octet}"));
    }
}
