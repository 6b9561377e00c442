using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Flows of many clients, and who got them by the kernel's tracking.</summary>
internal static class TestFlows
{
    /// <summary>Each with an address and a port of its own, out of the ranges that the client of <see cref="ForwardingLab"/> has.</summary>
    public static ImmutableArray<IPEndPoint> Sources(AddressFamily family, int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new IPEndPoint(
            IPAddress.Parse(family == AddressFamily.InterNetwork ? $"10.73.{i >> 8}.{i & 255}" : $"fd00:73::{i >> 8:x}:{i & 255:x}"), 10_000 + i)),
    ];

    /// <summary>Ten endpoints, which are ports of one pod; of weights 1 to 4 or all of 1.</summary>
    public static ImmutableArray<ForwardedBackend> Endpoints(AddressFamily family, bool weighted) =>
    [
        .. Enumerable.Range(0, 10).Select(i => new ForwardedBackend(
            IPAddress.Parse(family == AddressFamily.InterNetwork ? "10.71.1.2" : "fd00:71:1::2"), (ushort)(9000 + i), weighted ? 1 + (i % 4) : 1, Local: true)),
    ];

    public static ImmutableArray<Backend> Backends(ImmutableArray<ForwardedBackend> endpoints) =>
    [
        .. endpoints.Select(endpoint => new Backend
        {
            Address = endpoint.Address, Port = endpoint.Port, Weight = endpoint.Weight, Condition = BackendCondition.Ready,
        }),
    ];

    /// <summary>Sends a datagram of each source to the VIP until one of the nodes has tracked it; returns which one, and to whom.</summary>
    public static async Task<Dictionary<IPEndPoint, (int Node, IPEndPoint Endpoint)>> SendAsync(
        NetworkNamespace client, IReadOnlyList<NetworkNamespace> nodes, IPEndPoint vip, IReadOnlyCollection<IPEndPoint> sources)
    {
        var tracked = new Dictionary<IPEndPoint, (int, IPEndPoint)>();
        await Eventually.HoldsAsync(
            () =>
            {
                client.Run(() => Send(sources.Where(source => !tracked.ContainsKey(source)), vip));
                for (var i = 0; i < nodes.Count; i++)
                {
                    var node = i;
                    nodes[i].Run(() => Read(vip, (source, endpoint) =>
                    {
                        tracked.TryAdd(source, (node, endpoint));
                        tracked[source].ShouldBe((node, endpoint), "by one node alone");
                    }));
                }

                return tracked.Count >= sources.Count;
            },
            "every flow is tracked");
        return tracked;
    }

    private static void Send(IEnumerable<IPEndPoint> sources, IPEndPoint vip)
    {
        foreach (var source in sources)
        {
            using var socket = new Socket(vip.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(source);
            socket.SendTo("?"u8, vip);
        }
    }

    private static void Read(IPEndPoint vip, Action<IPEndPoint, IPEndPoint> take)
    {
        using var conntrack = new ConntrackTable();
        conntrack.Read(flow =>
        {
            if (flow.OriginalDestination.Equals(vip))
            {
                take(flow.OriginalSource, flow.ReplySource);
            }
        });
    }
}
