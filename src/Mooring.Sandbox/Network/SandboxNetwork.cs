using System.Net.Sockets;
using Mooring.Linux.Namespaces;

namespace Mooring.Sandbox.Network;

/// <summary>The network namespaces of a sandbox that is up, and sockets inside them.</summary>
internal sealed class SandboxNetwork(Topology topology)
{
    public Topology Topology => topology;

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await IpCommand.RunAsync(NetworkPlan.Build(topology), cancellationToken);
        In(Topology.Switch, () =>
        {
            // Or the gateway would answer on the port of a node that was taken off its bridge.
            File.WriteAllText("/proc/sys/net/ipv4/conf/all/arp_ignore", "1");
            return true;
        });
        foreach (var node in topology.Nodes)
        {
            In(node.Name, () =>
            {
                File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
                File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "1");
                return true;
            });
        }
    }

    public Task AddPodAsync(PodPlace pod, CancellationToken cancellationToken) =>
        IpCommand.RunAsync(NetworkPlan.AddPod(topology, pod), cancellationToken);

    public Task RemovePodAsync(PodPlace pod, CancellationToken cancellationToken) =>
        IpCommand.RunAsync(NetworkPlan.RemovePod(topology, pod), cancellationToken);

    public Task CutAsync(NodePlace node, bool silent, CancellationToken cancellationToken) =>
        IpCommand.RunAsync(
            silent ? NetworkPlan.CutSilently(topology, node) : NetworkPlan.Cut(topology, node), cancellationToken);

    public Task ReconnectAsync(NodePlace node, CancellationToken cancellationToken) =>
        IpCommand.RunAsync(NetworkPlan.Reconnect(topology, node), cancellationToken);

    /// <summary>A socket that lives in the namespace of a host or node; it may be used from any thread.</summary>
    public Socket CreateSocket(string member, AddressFamily family, SocketType type, ProtocolType protocol) =>
        In(member, () => new Socket(family, type, protocol));

    public T In<T>(string member, Func<T> function)
    {
        using var space = NetworkNamespace.Open(topology.Namespace(member));
        return space.Run(function);
    }
}
