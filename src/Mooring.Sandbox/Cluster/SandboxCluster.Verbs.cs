using System.Collections.Concurrent;
using Mooring.Sandbox.Echo;
using Mooring.Sandbox.Kubelets;
using Mooring.Sandbox.Network;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Cluster;

/// <content>What may be done to a running sandbox: break things, and mend them.</content>
internal sealed partial class SandboxCluster
{
    private const int MaxGraceSeconds = 600;

    private readonly ConcurrentDictionary<string, NodeLink> _links = [];
    private readonly ConcurrentDictionary<string, bool> _removed = [];

    public NodeLink Link(NodePlace node) => _links.GetValueOrDefault(node.Name, NodeLink.Connected);

    /// <summary>SIGKILL to the node's agent; it stays dead until <see cref="HealNodeAsync"/>.</summary>
    public Task KillAgentAsync(string node, CancellationToken cancellationToken) =>
        Agent(node).KillAsync(cancellationToken);

    /// <summary>SIGSTOP to the node's agent.</summary>
    public Task FreezeAgentAsync(string node, CancellationToken cancellationToken) =>
        Agent(node).FreezeAsync(cancellationToken);

    public Task ThawAgentAsync(string node, CancellationToken cancellationToken) =>
        Agent(node).ThawAsync(cancellationToken);

    /// <param name="silent">Keeps the carrier: the node's interface stays up while no packet passes.</param>
    public async Task CutNodeAsync(string node, bool silent, CancellationToken cancellationToken)
    {
        var place = Place(node);
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await Network.CutAsync(place, silent, cancellationToken);
            _links[node] = silent ? NodeLink.Silent : NodeLink.Cut;
            await Kubelet.SetCutAsync(place, true, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Connects the node again, starts or thaws its agent, and creates its objects if they were removed.</summary>
    public async Task HealNodeAsync(string node, CancellationToken cancellationToken)
    {
        var place = Place(node);
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await Network.ReconnectAsync(place, cancellationToken);
            _links[node] = NodeLink.Connected;
            await Kubelet.RestoreNodeAsync(place, cancellationToken);
            if (_removed.TryRemove(node, out _) && Agents.ContainsKey(node))
            {
                await Volumes.AddAsync(place, cancellationToken);
            }

            await Kubelet.SetCutAsync(place, false, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }

        if (Agents.TryGetValue(node, out var agent))
        {
            await agent.ThawAsync(cancellationToken);
            await agent.StartAsync(cancellationToken);
        }
    }

    public Task FailPodAsync(string pod, PodFailure failure, CancellationToken cancellationToken) =>
        Pod(pod).Program.SetFailureAsync(failure, cancellationToken);

    /// <summary>Makes its program work and its object Ready.</summary>
    public async Task HealPodAsync(string pod, CancellationToken cancellationToken)
    {
        await Pod(pod).Program.SetFailureAsync(PodFailure.None, cancellationToken);
        await Kubelet.SetReadyAsync(Pod(pod), true, cancellationToken);
    }

    /// <summary>Its object says Ready=False, as a failing readiness probe would make it; its program works on.</summary>
    public Task UnreadyPodAsync(string pod, CancellationToken cancellationToken) =>
        Kubelet.SetReadyAsync(Pod(pod), false, cancellationToken);

    public Task AddPodAsync(string pod, string node, CancellationToken cancellationToken)
    {
        SandboxMembers.EnsurePodName(pod);
        return Kubelet.AddPodAsync(pod, Place(node), cancellationToken);
    }

    /// <param name="grace">For how many seconds it terminates and still serves.</param>
    public Task RemovePodAsync(string pod, int grace, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(grace);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(grace, MaxGraceSeconds);
        return Kubelet.RemovePodAsync(Pod(pod), grace, cancellationToken);
    }

    /// <summary>Sets the annotation that asks for the node's addresses to be moved away, or removes it.</summary>
    public Task DrainNodeAsync(string node, CancellationToken cancellationToken) =>
        Kubelet.SetDrainAsync(Place(node), true, cancellationToken);

    public Task UndrainNodeAsync(string node, CancellationToken cancellationToken) =>
        Kubelet.SetDrainAsync(Place(node), false, cancellationToken);

    /// <summary>SIGTERM to the node's agent, as when its pod is deleted; it stays away until it is started or healed.</summary>
    public Task StopAgentAsync(string node, CancellationToken cancellationToken) => Agent(node).StopAsync(cancellationToken);

    public Task StartAgentAsync(string node, CancellationToken cancellationToken) => Agent(node).StartAsync(cancellationToken);

    /// <summary>What a rolling update does to one node: SIGTERM, wait for the end, start, wait until it is ready.</summary>
    public async Task RestartAgentAsync(string node, CancellationToken cancellationToken)
    {
        await Agent(node).StopAsync(cancellationToken);
        await Agent(node).StartAsync(cancellationToken);
        if (RunningController().State == ComponentState.Running)
        {
            await new ReadinessWatch(this, _time).WaitAsync([Agent(node)], cancellationToken);
        }
    }

    /// <summary>Switches the machine off and deletes its Node and pods; <see cref="HealNodeAsync"/> brings it back.</summary>
    public async Task RemoveNodeAsync(string node, CancellationToken cancellationToken)
    {
        var place = Place(node);
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await Network.CutAsync(place, silent: false, cancellationToken);
            _links[node] = NodeLink.Cut;
            if (Agents.TryGetValue(node, out var agent))
            {
                await agent.KillAsync(cancellationToken);
            }

            await Kubelet.RemoveNodeAsync(place, cancellationToken);
            await Volumes.RemoveAsync(node, cancellationToken);
            _removed[node] = true;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>The API server resets every connection until <see cref="StartApiServer"/>.</summary>
    public void StopApiServer() => _apiServer!.GoAway();

    public void StartApiServer() => _apiServer!.ComeBack();

    public Task KillControllerAsync(CancellationToken cancellationToken) => RunningController().KillAsync(cancellationToken);

    public Task StartControllerAsync(CancellationToken cancellationToken) => RunningController().StartAsync(cancellationToken);

    private NodePlace Place(string node) =>
        Topology.FindNode(node) ?? throw new UnknownMemberException(
            $"there is no node '{node}': there are {string.Join(", ", Topology.Nodes.Select(place => place.Name))}");

    private PodRecord Pod(string pod) =>
        Kubelet.FindPod(pod) ?? throw new UnknownMemberException(
            $"there is no pod '{pod}': there are {string.Join(", ", Kubelet.Pods.Select(record => record.Place.Name))}");

    private Component Agent(string node) =>
        Agents.TryGetValue(Place(node).Name, out var agent)
            ? agent
            : throw new UnknownMemberException("this sandbox runs without agents");

    private Component RunningController() =>
        Controller ?? throw new UnknownMemberException("this sandbox runs without a controller");
}
