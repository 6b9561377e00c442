using System.Net;

namespace Mooring.Sandbox.Network;

/// <summary>Where everything in a sandbox is: plain data, the same for every sandbox but for its name.</summary>
internal sealed record Topology
{
    public const string Switch = "switch";
    public const string Client = "client";
    public const string Control = "control";

    /// <summary>The LAN's bridge in the switch; the LAN's gateway address is bound to it.</summary>
    public const string LanBridge = "br0";

    /// <summary>The interface by which each host is on the LAN, and each pod on its node.</summary>
    public const string HostInterface = "eth0";

    /// <summary>The same for the second LAN, where there is one. It has no gateway.</summary>
    public const string SecondLanBridge = "br1";

    public const string SecondHostInterface = "eth1";

    /// <summary>A node's bridge to its pods.</summary>
    public const string PodBridge = "cni0";

    public const int MaxNodes = 9;
    public const int MaxPodsPerNode = 200;

    public static readonly IPNetwork Lan = IPNetwork.Parse("10.70.0.0/24");
    public static readonly IPNetwork LanV6 = IPNetwork.Parse("fd00:70::/64");
    public static readonly LanHost Gateway = LanHost.At("gateway", 1);

    public required SandboxName Name { get; init; }

    /// <summary>Every host has a second cable, to a second LAN.</summary>
    public bool SecondLan { get; init; }

    public LanHost ClientHost { get; } = LanHost.At(Client, 200);

    public LanHost ControlHost { get; } = LanHost.At(Control, 5);

    public required IReadOnlyList<NodePlace> Nodes { get; init; }

    /// <summary>Hosts on the LAN, each with a port of its own name in the switch.</summary>
    public IEnumerable<LanHost> LanHosts => [ClientHost, ControlHost, .. Nodes.Select(node => node.Host)];

    public static Topology Create(SandboxName name, int nodes, bool secondLan = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nodes, MaxNodes);
        return new Topology
        {
            Name = name,
            SecondLan = secondLan,
            Nodes = [.. Enumerable.Range(1, nodes).Select(index => new NodePlace(index))],
        };
    }

    public NodePlace? FindNode(string node) => Nodes.FirstOrDefault(place => place.Name == node);

    public string Namespace(string member) => Name.Namespace(member);

    public string PodNamespace(string pod) => Name.Namespace($"pod-{pod}");
}
