using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.Snapshots;

internal static class TestSnapshots
{
    public static ClusterSnapshot Web(ulong revision, params IPEndPoint[] backends) => new()
    {
        Revision = revision,
        Nodes = [new NodePeer { Name = "node-1" }],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = ["node-1"] }],
                Ports =
                [
                    new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "default/web:8080" },
                ],
            },
        ],
        BackendSets =
        [
            new BackendSet
            {
                Id = "default/web:8080",
                Pool = new NamespacedName("default", "web"),
                Backends = [.. backends.Select(b => new Backend { Address = b.Address, Port = (ushort)b.Port, Condition = BackendCondition.Ready })],
            },
        ],
        HeartbeatKeys = [new HeartbeatKey(1, [.. new byte[HeartbeatKey.SecretLength]])],
    };
}
