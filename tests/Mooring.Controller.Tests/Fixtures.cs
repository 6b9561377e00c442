using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Tests;

/// <summary>Objects as users and Kubernetes write them: a pool "web" with pods on three nodes of 10.70.0.0/24.</summary>
internal static class Fixtures
{
    public static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    public static V1Alpha1VirtualIp Vip(string name = "web", string address = "10.70.0.100", params VirtualIpPort[] ports) => new()
    {
        Metadata = Meta(name),
        Spec = new VirtualIpSpec
        {
            Addresses = [address],
            Ports = ports.Length > 0 ? ports : [Port()],
        },
    };

    public static VirtualIpPort Port(
        string name = "http", int port = 80, string pool = "web", string protocol = "TCP", IntstrIntOrString? target = null) =>
        new() { Name = name, Port = port, Protocol = protocol, BackendPool = pool, TargetPort = target ?? 8080 };

    public static V1Alpha1BackendPool Pool(string name = "web", Action<BackendPoolSpec>? change = null)
    {
        var pool = new V1Alpha1BackendPool
        {
            Metadata = Meta(name),
            Spec = new BackendPoolSpec { Selector = new Dictionary<string, string> { ["app"] = "web" } },
        };
        change?.Invoke(pool.Spec);
        return pool;
    }

    public static V1ObjectMeta Meta(string name, string? @namespace = "default") => new()
    {
        Name = name,
        NamespaceProperty = @namespace,
        Uid = Guid.NewGuid().ToString(),
        Generation = 1,
        CreationTimestamp = Now.AddHours(-1),
        Labels = new Dictionary<string, string>(),
    };

    public static V1Pod Pod(string name, string? ip, string node = "node-1", bool ready = true, string app = "web")
    {
        var pod = new V1Pod
        {
            Metadata = Meta(name),
            Spec = new V1PodSpec
            {
                NodeName = node,
                Containers =
                [
                    new V1Container { Name = "c", Image = "web", Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8080 }] },
                ],
            },
            Status = new V1PodStatus
            {
                Phase = "Running",
                PodIP = ip,
                Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
            },
        };
        pod.Metadata.Labels!["app"] = app;
        return pod;
    }

    public static V1Node Node(string name, bool ready = true, params (string Key, string Value)[] labels) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            Labels = labels.ToDictionary(label => label.Key, label => label.Value),
        },
        Status = new V1NodeStatus
        {
            Conditions = [new V1NodeCondition { Type = "Ready", Status = ready ? "True" : "False" }],
        },
    };

    public static AgentFacts Agent(
        string node, string address = "10.70.0.11", AgentPresence presence = AgentPresence.Connected) => new()
    {
        Node = node,
        Presence = presence,
        Interfaces = [Interface("eth0", address)],
        ForwardingModes = [ForwardingMode.Nat],
    };

    public static NodeInterface Interface(string name, string address) => new()
    {
        Name = name,
        Index = 2,
        MacAddress = new PhysicalAddress([2, 0, 0, 0, 0, 1]),
        Up = true,
        Addresses = [new InterfaceAddress(IPAddress.Parse(address), Subnet(address))],
    };

    /// <summary>Three nodes with agents and a pod each; a VirtualIp and a pool, both "web".</summary>
    public static ClusterWorld ThreeNodes(
        IEnumerable<V1Alpha1VirtualIp>? vips = null, IEnumerable<V1Alpha1BackendPool>? pools = null) => new()
    {
        VirtualIps = [.. vips ?? [Vip()]],
        BackendPools = [.. pools ?? [Pool()]],
        Pods = [Pod("web-1", "10.71.1.2"), Pod("web-2", "10.71.2.2", "node-2"), Pod("web-3", "10.71.3.2", "node-3")],
        Nodes = [Node("node-1"), Node("node-2"), Node("node-3")],
        Agents = AgentSet(Agent("node-1"), Agent("node-2", "10.70.0.12"), Agent("node-3", "10.70.0.13")),
        HeartbeatKeys = [new HeartbeatKey(1, [.. new byte[HeartbeatKey.SecretLength]])],
    };

    public static ImmutableDictionary<string, AgentFacts> AgentSet(params AgentFacts[] agents) =>
        agents.ToImmutableDictionary(agent => agent.Node);

    public static ImmutableDictionary<IPAddress, HolderClaim> Held(
        string node, ulong term = 1, string address = "10.70.0.100") =>
        ImmutableDictionary<IPAddress, HolderClaim>.Empty.Add(
            IPAddress.Parse(address), new HolderClaim(node, term, new DateTimeOffset(Now)));

    private static IPNetwork Subnet(string address) =>
        new(IPAddress.Parse(string.Join('.', address.Split('.')[..3]) + ".0"), 24);
}
