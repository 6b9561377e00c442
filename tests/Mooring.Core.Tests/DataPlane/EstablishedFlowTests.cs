using System.Net;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.DataPlane;

/// <summary>Whose established flows go on: 1 is fit, 2 drains, 3 is not ready, 4 fails its check, 5 has no weight.</summary>
public sealed class EstablishedFlowTests
{
    [Theory]
    [InlineData(TransportProtocol.Tcp, false, "2345", "25", "34")]
    [InlineData(TransportProtocol.Tcp, true, "25", "25", "")]
    [InlineData(TransportProtocol.Udp, false, "25", "25", "")]
    [InlineData(TransportProtocol.Udp, true, "25", "25", "")]
    public void Plan_BackendsThatTakeNoNewFlows_KeepTheirsByPolicy(
        TransportProtocol protocol, bool shutdown, string kept, string leaving, string failed)
    {
        var snapshot = ClusterSnapshot.Empty with
        {
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                    Ports = [new PortIntent { Name = "http", Port = 80, Protocol = protocol, BackendSetId = "s" }],
                },
            ],
            BackendSets =
            [
                new BackendSet
                {
                    Id = "s",
                    Pool = new NamespacedName("default", "web"),
                    ShutsDownSessions = shutdown,
                    DrainTimeout = TimeSpan.FromSeconds(7),
                    Backends =
                    [
                        Backend(1), Backend(2, BackendCondition.Draining), Backend(3, BackendCondition.NotReady),
                        Backend(4), Backend(5, weight: 0),
                    ],
                },
            ],
        };

        var service = DataPlanePlanner.Plan(
            snapshot, "node-1", (_, endPoint) => endPoint.Port == 4 ? false : null).Services.Single();

        Ports(service.Backends).ShouldBe("1");
        Ports(service.Draining).ShouldBe(kept);
        Ports(service.Leaving).ShouldBe(leaving);
        Ports(service.Failed).ShouldBe(failed);
        service.DrainTimeout.ShouldBe(TimeSpan.FromSeconds(7));
    }

    private static string Ports(IEnumerable<ForwardedBackend> backends) => string.Concat(backends.Select(backend => backend.Port));

    private static Backend Backend(ushort port, BackendCondition condition = BackendCondition.Ready, int weight = 1) => new()
    {
        Address = IPAddress.Parse("10.71.1.2"),
        Port = port,
        Weight = weight,
        NodeName = "node-1",
        Condition = condition,
    };
}
