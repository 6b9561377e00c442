namespace Mooring.Sandbox.Cluster;

/// <summary>What <c>mooring-sandbox status</c> shows.</summary>
internal sealed record SandboxStatus
{
    public required string Name { get; init; }

    public required string Kubeconfig { get; init; }

    public string ApiServer { get; init; } = "";

    public required string Logs { get; init; }

    public ComponentStatus? Controller { get; init; }

    public IReadOnlyList<NodeStatus> Nodes { get; init; } = [];

    public IReadOnlyList<PodStatus> Pods { get; init; } = [];
}
