namespace Mooring.Sandbox.Network;

/// <summary>
/// The commands that build the sandbox's network: a switch with a cable to each host, and behind each node a bridge
/// with a cable to each pod. Pod subnets are reached by routes to their node ("host gateway").
/// </summary>
internal static class NetworkPlan
{
    private const string NoDad = "nodad"; // nobody else is here, and an address must be usable at once

    public static IReadOnlyList<IpBatch> Build(Topology topology)
    {
        var name = topology.Name;
        var lanSwitch = topology.Namespace(Topology.Switch);
        List<string> root = [$"netns add {lanSwitch}"];
        List<string> ports =
        [
            "link set lo up",
            $"link add {Topology.LanBridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            $"addr add {Topology.Gateway.Address}/{Topology.Lan.PrefixLength} dev {Topology.LanBridge}",
            $"addr add {Topology.Gateway.AddressV6}/{Topology.LanV6.PrefixLength} dev {Topology.LanBridge} {NoDad}",
            $"link set {Topology.LanBridge} up",
        ];
        if (topology.SecondLan)
        {
            ports.AddRange(
            [
                $"link add {Topology.SecondLanBridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                $"link set {Topology.SecondLanBridge} up",
            ]);
        }

        List<IpBatch> hosts = [];
        foreach (var host in topology.LanHosts)
        {
            var space = topology.Namespace(host.Name);
            root.Add($"netns add {space}");
            root.Add($"link add {host.Name} netns {lanSwitch} type veth peer name {Topology.HostInterface} netns {space}");
            ports.Add($"link set {host.Name} master {Topology.LanBridge} up");
            hosts.Add(new IpBatch(space, HostLines(topology, host)));
            if (topology.SecondLan)
            {
                root.Add(
                    $"link add {host.SecondPort} netns {lanSwitch} type veth peer name {Topology.SecondHostInterface} netns {space}");
                ports.Add($"link set {host.SecondPort} master {Topology.SecondLanBridge} up");
            }
        }

        return [new IpBatch(null, root), new IpBatch(name.Namespace(Topology.Switch), ports), .. hosts];
    }

    public static IReadOnlyList<IpBatch> AddPod(Topology topology, PodPlace pod)
    {
        var space = topology.PodNamespace(pod.Name);
        var node = topology.Namespace(pod.Node.Name);
        return
        [
            new IpBatch(null,
            [
                $"netns add {space}",
                $"link add {pod.NodeInterface} netns {node} type veth peer name {Topology.HostInterface} netns {space}",
            ]),
            new IpBatch(node, [$"link set {pod.NodeInterface} master {Topology.PodBridge} up"]),
            new IpBatch(space,
            [
                "link set lo up",
                $"link set {Topology.HostInterface} address {pod.MacAddress}",
                $"addr add {pod.Address}/{pod.Node.PodSubnet.PrefixLength} dev {Topology.HostInterface}",
                $"addr add {pod.AddressV6}/{pod.Node.PodSubnetV6.PrefixLength} dev {Topology.HostInterface} {NoDad}",
                $"link set {Topology.HostInterface} up",
                $"route add default via {pod.Node.PodGateway}",
                $"route add ::/0 via {pod.Node.PodGatewayV6}",
            ]),
        ];
    }

    public static IReadOnlyList<IpBatch> RemovePod(Topology topology, PodPlace pod) =>
    [
        new IpBatch(topology.Namespace(pod.Node.Name), [$"link del {pod.NodeInterface}"]),
        new IpBatch(null, [$"netns del {topology.PodNamespace(pod.Name)}"]),
    ];

    /// <summary>Pulls the node's plug: both ends of the cable lose their carrier.</summary>
    public static IpBatch Cut(Topology topology, NodePlace node) =>
        new(topology.Namespace(Topology.Switch), [$"link set {node.Name} down"]);

    /// <summary>Breaks the network behind the node's port: the carrier stays, no packet passes.</summary>
    public static IpBatch CutSilently(Topology topology, NodePlace node) =>
        new(topology.Namespace(Topology.Switch), [$"link set {node.Name} nomaster"]);

    public static IpBatch Reconnect(Topology topology, NodePlace node) =>
        new(topology.Namespace(Topology.Switch), [$"link set {node.Name} master {Topology.LanBridge} up"]);

    private static List<string> HostLines(Topology topology, LanHost host)
    {
        List<string> lines =
        [
            "link set lo up",
            $"addr add {host.Address}/{Topology.Lan.PrefixLength} dev {Topology.HostInterface}",
            $"addr add {host.AddressV6}/{Topology.LanV6.PrefixLength} dev {Topology.HostInterface} {NoDad}",
            $"link set {Topology.HostInterface} up",
            $"route add default via {Topology.Gateway.Address}",
            $"route add ::/0 via {Topology.Gateway.AddressV6}",
        ];
        if (topology.SecondLan)
        {
            lines.AddRange(
            [
                $"addr add {host.SecondAddress}/{Topology.Lan.PrefixLength} dev {Topology.SecondHostInterface}",
                $"addr add {host.SecondAddressV6}/{Topology.LanV6.PrefixLength} dev {Topology.SecondHostInterface} {NoDad}",
                $"link set {Topology.SecondHostInterface} up",
            ]);
        }

        if (topology.FindNode(host.Name) is { } node)
        {
            lines.AddRange(
            [
                $"link add {Topology.PodBridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                $"addr add {node.PodGateway}/{node.PodSubnet.PrefixLength} dev {Topology.PodBridge}",
                $"addr add {node.PodGatewayV6}/{node.PodSubnetV6.PrefixLength} dev {Topology.PodBridge} {NoDad}",
                $"link set {Topology.PodBridge} up",
            ]);
            foreach (var other in topology.Nodes.Where(other => other != node))
            {
                lines.Add($"route add {other.PodSubnet} via {other.Host.Address}");
                lines.Add($"route add {other.PodSubnetV6} via {other.Host.AddressV6}");
            }
        }

        return lines;
    }
}
