using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.Echo;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Kubelets;

/// <summary>
/// The kubelets of all nodes in one: runs the pods, and writes Nodes, their leases and Pods. It has a wire of its own
/// to the API server, so a node that is cut off is told apart by what it was told (<see cref="SetCutAsync"/>).
/// </summary>
internal sealed partial class Kubelet(
    SandboxNetwork network, ClusterClient api, TimeProvider time, ILogger<Kubelet> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaseInterval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, PodRecord> _pods = [];
    private readonly ConcurrentDictionary<string, NodeHealth> _nodes = [];
    private readonly SemaphoreSlim _changing = new(1, 1);

    public IEnumerable<PodRecord> Pods => _pods.Values.OrderBy(pod => pod.Place.Name, StringComparer.Ordinal);

    public PodRecord? FindPod(string name) => _pods.GetValueOrDefault(name);

    public bool IsReachable(string node) => _nodes[node].Reachable;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease", "mooring-system"])
        {
            await api.ApplyAsync($"/api/v1/namespaces/{name}", ObjectTemplates.Namespace(name), cancellationToken);
        }

        foreach (var node in network.Topology.Nodes)
        {
            _nodes[node.Name] = new NodeHealth { ReachableSince = time.GetUtcNow() };
            await RegisterAsync(node, cancellationToken);
        }
    }

    /// <summary>Renews leases and gives up nodes that stay cut off, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Tick, time);
        var renewed = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var due = time.GetElapsedTime(renewed) >= LeaseInterval;
                renewed = due ? time.GetTimestamp() : renewed;
                await TickAsync(due, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    public async Task<PodRecord> AddPodAsync(string name, NodePlace node, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            if (_pods.ContainsKey(name))
            {
                throw new InvalidOperationException($"pod {name} exists");
            }

            var taken = _pods.Values.Where(pod => pod.Place.Node == node).Select(pod => pod.Place.Slot).ToHashSet();
            var slot = Enumerable.Range(0, Topology.MaxPodsPerNode).First(candidate => !taken.Contains(candidate));
            var place = node.Pod(name, slot);
            await network.AddPodAsync(place, cancellationToken);
            var program = new EchoProgram(
                new EchoIdentity(name, node.Name), listen => network.In($"pod-{name}", listen), time);
            await program.StartAsync(cancellationToken);
            var now = time.GetUtcNow();
            var pod = new PodRecord(place, program) { Since = now, ReadySince = now };
            _pods[name] = pod;
            await api.ApplyAsync(ClusterClient.Pod(name), ObjectTemplates.Pod(place), cancellationToken);
            await WritePodStatusAsync(pod, cancellationToken);
            return pod;
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>
    /// Deletes the pod: the object first, as when its grace period is over, then the program. With a grace period the object
    /// says that it terminates and the program serves on for so long.
    /// </summary>
    public async Task RemovePodAsync(PodRecord pod, int graceSeconds, CancellationToken cancellationToken)
    {
        if (graceSeconds > 0)
        {
            // Longer for the server, so that it is this that ends the pod.
            await api.DeleteAsync(ClusterClient.Pod(pod.Place.Name), cancellationToken, graceSeconds + 30);
            await Task.Delay(TimeSpan.FromSeconds(graceSeconds), time, cancellationToken);
        }

        await _changing.WaitAsync(cancellationToken);
        try
        {
            await api.DeleteAsync(ClusterClient.Pod(pod.Place.Name), cancellationToken);
            _pods.TryRemove(pod.Place.Name, out _);
            await pod.Program.DisposeAsync();
            await network.RemovePodAsync(pod.Place, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task SetReadyAsync(PodRecord pod, bool ready, CancellationToken cancellationToken)
    {
        if (pod.Ready != ready)
        {
            pod.Ready = ready;
            pod.ReadySince = time.GetUtcNow();
        }

        await WritePodStatusAsync(pod, cancellationToken);
    }

    /// <summary>Says whether the node is cut off from the network.</summary>
    public async Task SetCutAsync(NodePlace node, bool cut, CancellationToken cancellationToken)
    {
        var health = _nodes[node.Name];
        health.CutSince = cut ? health.CutSince ?? time.GetTimestamp() : null;
        if (!cut)
        {
            await SetReachableAsync(node, true, cancellationToken);
        }
    }

    public Task SetDrainAsync(NodePlace node, bool drain, CancellationToken cancellationToken) => api.MergeAsync(
        ClusterClient.Node(node.Name), ObjectTemplates.Drain(drain), cancellationToken);

    /// <summary>Deletes the node's objects. Its pods' programs run on, out of reach.</summary>
    public async Task RemoveNodeAsync(NodePlace node, CancellationToken cancellationToken)
    {
        _nodes[node.Name].Removed = true;
        await api.DeleteAsync(ClusterClient.Node(node.Name), cancellationToken);
        await api.DeleteAsync(ClusterClient.Lease(node.Name), cancellationToken);
        foreach (var pod in PodsOn(node))
        {
            await api.DeleteAsync(ClusterClient.Pod(pod.Place.Name), cancellationToken);
        }
    }

    /// <summary>Creates the objects of a removed node again; nothing happens to one that is there.</summary>
    public async Task RestoreNodeAsync(NodePlace node, CancellationToken cancellationToken)
    {
        var health = _nodes[node.Name];
        if (!health.Removed)
        {
            return;
        }

        await RegisterAsync(node, cancellationToken);
        foreach (var pod in PodsOn(node))
        {
            await api.ApplyAsync(ClusterClient.Pod(pod.Place.Name), ObjectTemplates.Pod(pod.Place), cancellationToken);
            await WritePodStatusAsync(pod, cancellationToken);
        }

        health.Removed = false;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pod in _pods.Values)
        {
            await pod.Program.DisposeAsync();
        }

        _changing.Dispose();
    }

    private IEnumerable<PodRecord> PodsOn(NodePlace node) => Pods.Where(pod => pod.Place.Node == node);

    private async Task RegisterAsync(NodePlace node, CancellationToken cancellationToken)
    {
        await api.ApplyAsync(ClusterClient.Node(node.Name), ObjectTemplates.Node(node), cancellationToken);
        await WriteNodeStatusAsync(node, cancellationToken);
        await RenewLeaseAsync(node, cancellationToken);
    }

    private async Task TickAsync(bool renewLeases, CancellationToken cancellationToken)
    {
        foreach (var node in network.Topology.Nodes.Where(node => !_nodes[node.Name].Removed))
        {
            var health = _nodes[node.Name];
            try
            {
                if (health.CutSince is { } since)
                {
                    if (time.GetElapsedTime(since) > NodeHealth.GracePeriod)
                    {
                        await SetReachableAsync(node, false, cancellationToken);
                    }
                }
                else if (renewLeases)
                {
                    await RenewLeaseAsync(node, cancellationToken);
                }
            }
            catch (HttpRequestException exception)
            {
                Log.WriteFailed(logger, exception, node.Name);
            }
        }
    }

    private async Task SetReachableAsync(NodePlace node, bool reachable, CancellationToken cancellationToken)
    {
        var health = _nodes[node.Name];
        if (health.Reachable == reachable || health.Removed)
        {
            return;
        }

        health.Reachable = reachable;
        health.ReachableSince = time.GetUtcNow();
        await WriteNodeStatusAsync(node, cancellationToken);
        foreach (var pod in _pods.Values.Where(pod => pod.Place.Node == node))
        {
            pod.ReadySince = time.GetUtcNow();
            await WritePodStatusAsync(pod, cancellationToken);
        }
    }

    private Task WriteNodeStatusAsync(NodePlace node, CancellationToken cancellationToken)
    {
        var health = _nodes[node.Name];
        return api.ApplyAsync(
            $"{ClusterClient.Node(node.Name)}/status",
            ObjectTemplates.NodeStatus(node, health.Reachable, health.ReachableSince),
            cancellationToken);
    }

    private Task WritePodStatusAsync(PodRecord pod, CancellationToken cancellationToken) => api.ApplyAsync(
        $"{ClusterClient.Pod(pod.Place.Name)}/status",
        ObjectTemplates.PodStatus(pod, pod.Ready && IsReachable(pod.Place.Node.Name)),
        cancellationToken);

    private Task RenewLeaseAsync(NodePlace node, CancellationToken cancellationToken) => api.ApplyAsync(
        ClusterClient.Lease(node.Name), ObjectTemplates.Lease(node.Name, time.GetUtcNow()), cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "could not write the state of {Node}")]
        public static partial void WriteFailed(ILogger logger, Exception exception, string node);
    }
}
