using System.Text.Json.Nodes;
using Mooring.Sandbox.Echo;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Kubelets;

/// <summary>The objects that a kubelet and the endpoint slice controller write.</summary>
internal static class ObjectTemplates
{
    public const string PodNamespace = "default";
    public const string DrainAnnotation = "mooring.dev/drain";
    public const int LeaseSeconds = 40;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string MicroTimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static JsonObject Namespace(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new JsonObject { ["name"] = name },
    };

    public static JsonObject Node(NodePlace node) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject
        {
            ["name"] = node.Name,
            ["labels"] = new JsonObject
            {
                ["kubernetes.io/hostname"] = node.Name,
                ["kubernetes.io/os"] = "linux",
                ["kubernetes.io/arch"] = "amd64",
                ["topology.kubernetes.io/zone"] = "sandbox",
            },
        },
        ["spec"] = new JsonObject
        {
            ["podCIDR"] = node.PodSubnet.ToString(),
            ["podCIDRs"] = new JsonArray(node.PodSubnet.ToString(), node.PodSubnetV6.ToString()),
        },
    };

    /// <summary>A merge patch of a node's annotation.</summary>
    public static JsonObject Drain(bool drain) => new()
    {
        ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [DrainAnnotation] = drain ? "true" : null } },
    };

    public static JsonObject NodeStatus(NodePlace node, bool reachable, DateTimeOffset since) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject { ["name"] = node.Name },
        ["status"] = new JsonObject
        {
            // One of each type: the type is the list's key, so apply cannot say two, known upstream as well.
            ["addresses"] = new JsonArray(
                Typed("InternalIP", node.Host.Address.ToString()),
                Typed("Hostname", node.Name)),
            ["capacity"] = new JsonObject { ["pods"] = Topology.MaxPodsPerNode.ToString() },
            ["conditions"] = new JsonArray(Condition(
                "Ready",
                reachable ? "True" : "Unknown",
                since,
                reachable ? "KubeletReady" : "NodeStatusUnknown",
                reachable ? "the sandbox's kubelet runs" : "Kubelet stopped posting node status.")),
            ["nodeInfo"] = new JsonObject
            {
                ["kubeletVersion"] = "v1.35.0-sandbox",
                ["operatingSystem"] = "linux",
                ["architecture"] = "amd64",
                ["osImage"] = "Mooring sandbox",
                ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
                ["containerRuntimeVersion"] = "sandbox://1",
                ["bootID"] = node.Name,
                ["machineID"] = node.Name,
                ["systemUUID"] = node.Name,
                ["kubeProxyVersion"] = "",
            },
        },
    };

    public static JsonObject Lease(string node, DateTimeOffset now) => new()
    {
        ["apiVersion"] = "coordination.k8s.io/v1",
        ["kind"] = "Lease",
        ["metadata"] = new JsonObject { ["name"] = node, ["namespace"] = "kube-node-lease" },
        ["spec"] = new JsonObject
        {
            ["holderIdentity"] = node,
            ["leaseDurationSeconds"] = LeaseSeconds,
            ["renewTime"] = now.ToString(MicroTimeFormat),
        },
    };

    public static JsonObject Pod(PodPlace place) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject
        {
            ["name"] = place.Name,
            ["namespace"] = PodNamespace,
            ["labels"] = new JsonObject { ["app"] = "web" },
        },
        ["spec"] = new JsonObject
        {
            ["nodeName"] = place.Node.Name,
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "echo",
                ["image"] = "mooring.dev/sandbox-echo",
                ["ports"] = new JsonArray(
                    Port("http", EchoProgram.HttpPort, "TCP"),
                    Port("echo-tcp", EchoProgram.TcpPort, "TCP"),
                    Port("echo-udp", EchoProgram.UdpPort, "UDP")),
            }),
        },
    };

    public static JsonObject PodStatus(PodRecord pod, bool ready)
    {
        var readiness = ready ? "True" : "False";
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = pod.Place.Name, ["namespace"] = PodNamespace },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["hostIP"] = pod.Place.Node.Host.Address.ToString(),
                ["hostIPs"] = new JsonArray(Ip(pod.Place.Node.Host.Address), Ip(pod.Place.Node.Host.AddressV6)),
                ["podIP"] = pod.Place.Address.ToString(),
                ["podIPs"] = new JsonArray(Ip(pod.Place.Address), Ip(pod.Place.AddressV6)),
                ["startTime"] = pod.Since.ToString(TimeFormat),
                ["conditions"] = new JsonArray(
                    Condition("Initialized", "True", pod.Since, null, null),
                    Condition("Ready", readiness, pod.ReadySince, ready ? null : "ContainersNotReady", null),
                    Condition("ContainersReady", readiness, pod.ReadySince, ready ? null : "ContainersNotReady", null),
                    Condition("PodScheduled", "True", pod.Since, null, null)),
                ["containerStatuses"] = new JsonArray(new JsonObject
                {
                    ["name"] = "echo",
                    ["image"] = "mooring.dev/sandbox-echo",
                    ["imageID"] = "",
                    ["ready"] = ready,
                    ["started"] = true,
                    ["restartCount"] = 0,
                    ["state"] = new JsonObject
                    {
                        ["running"] = new JsonObject { ["startedAt"] = pod.Since.ToString(TimeFormat) },
                    },
                }),
            },
        };
    }

    private static JsonObject Typed(string type, string address) => new() { ["type"] = type, ["address"] = address };

    private static JsonObject Ip(System.Net.IPAddress address) => new() { ["ip"] = address.ToString() };

    private static JsonObject Port(string name, int port, string protocol) =>
        new() { ["name"] = name, ["containerPort"] = port, ["protocol"] = protocol };

    private static JsonObject Condition(
        string type, string status, DateTimeOffset since, string? reason, string? message)
    {
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastTransitionTime"] = since.ToString(TimeFormat),
        };
        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }
}
