using System.Text.Json.Nodes;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Kubelets;

/// <summary>The objects of the agents' pods, as the chart's DaemonSet would have them.</summary>
internal static class AgentObjects
{
    public const string Namespace = "mooring-system";
    public const string Account = "mooring-agent";

    public static string PodPath(string node) => $"/api/v1/namespaces/{Namespace}/pods/{PodName(node)}";

    public static JsonObject ServiceAccount() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ServiceAccount",
        ["metadata"] = new JsonObject { ["name"] = Account, ["namespace"] = Namespace },
    };

    public static JsonObject Pod(NodePlace node) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject
        {
            ["name"] = PodName(node.Name),
            ["namespace"] = Namespace,
            ["labels"] = new JsonObject
            {
                ["app.kubernetes.io/name"] = "mooring",
                ["app.kubernetes.io/component"] = "agent",
            },
        },
        ["spec"] = new JsonObject
        {
            ["nodeName"] = node.Name,
            ["serviceAccountName"] = Account,
            ["hostNetwork"] = true,
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "agent", ["image"] = "mooring.dev/sandbox-agent" }),
        },
    };

    public static JsonObject PodStatus(NodePlace node) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject { ["name"] = PodName(node.Name), ["namespace"] = Namespace },
        ["status"] = new JsonObject
        {
            ["phase"] = "Running",
            ["hostIP"] = node.Host.Address.ToString(),
            ["podIP"] = node.Host.Address.ToString(),
        },
    };

    /// <summary>What the kubelet asks for a <c>serviceAccountToken</c> of a projected volume.</summary>
    public static JsonObject TokenRequest(string node, int seconds) => new()
    {
        ["apiVersion"] = "authentication.k8s.io/v1",
        ["kind"] = "TokenRequest",
        ["spec"] = new JsonObject
        {
            ["audiences"] = new JsonArray("mooring"),
            ["expirationSeconds"] = seconds,
            ["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = PodName(node) },
        },
    };

    private static string PodName(string node) => $"mooring-agent-{node}";
}
