using System.Net;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.DataPlane;

public sealed class LocalEndpointsTests
{
    [Theory]
    [InlineData("node-1", true, new[] { "10.71.1.2", "10.71.1.3" })]
    [InlineData("node-2", true, new[] { "10.71.2.2" })]
    [InlineData("node-3", true, new[] { "10.71.1.2", "10.71.1.3", "10.71.2.2" })]
    [InlineData("node-1", false, new[] { "10.71.1.2", "10.71.1.3", "10.71.2.2" })]
    public void Plan_LocalEndpointsOnly_UsesThoseOfTheNodeThatHasSome(string node, bool localOnly, string[] backends)
    {
        var snapshot = ClusterSnapshot.Empty with
        {
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                    Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "s" }],
                    LocalEndpointsOnly = localOnly,
                },
            ],
            BackendSets =
            [
                new BackendSet
                {
                    Id = "s",
                    Pool = new NamespacedName("default", "web"),
                    Backends = [Backend("10.71.1.2", "node-1"), Backend("10.71.1.3", "node-1"), Backend("10.71.2.2", "node-2")],
                },
            ],
        };

        var service = DataPlanePlanner.Plan(snapshot, node, (_, _) => null).Services.Single();

        service.Backends.Select(backend => backend.Address.ToString()).ShouldBe(backends);
    }

    [Fact]
    public void Count_EndpointsOfANode_CountsAddressesThatTakeConnections()
    {
        var (web, metrics) = (
            Set("web", Backend("10.71.1.2", "node-1"), Backend("10.71.1.3", "node-1"), Backend("10.71.2.2", "node-2"),
                Backend("10.71.1.4", "node-1") with { Condition = BackendCondition.Draining },
                Backend("10.71.1.5", "node-1") with { Weight = 0 }),
            Set("metrics", Backend("10.71.1.2", "node-1"), Backend("10.71.1.6", "node-1")));
        var vip = new VirtualIpIntent
        {
            Key = new NamespacedName("default", "web"),
            Ports =
            [
                new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = web.Id },
                new PortIntent { Name = "metrics", Port = 81, Protocol = TransportProtocol.Tcp, BackendSetId = metrics.Id },
            ],
        };
        var snapshot = ClusterSnapshot.Empty with { VirtualIps = [vip], BackendSets = [web, metrics] };

        LocalEndpoints.Count(vip, snapshot, "node-1", (_, endPoint) => endPoint.Address.ToString() == "10.71.1.3" ? false : null).ShouldBe(2);
        LocalEndpoints.Count(vip, snapshot, "node-2", (_, _) => null).ShouldBe(1);
        LocalEndpoints.Count(vip, snapshot, "node-3", (_, _) => null).ShouldBe(0);
    }

    private static BackendSet Set(string id, params Backend[] backends) => new()
    {
        Id = id,
        Pool = new NamespacedName("default", id),
        Backends = [.. backends],
    };

    private static Backend Backend(string address, string node) => new()
    {
        Address = IPAddress.Parse(address),
        Port = 8080,
        NodeName = node,
        DisplayName = address,
        Condition = BackendCondition.Ready,
    };
}
