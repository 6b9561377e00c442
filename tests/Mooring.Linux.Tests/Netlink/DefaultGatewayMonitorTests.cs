using System.Collections.Immutable;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Tests.Netlink;

public sealed class DefaultGatewayMonitorTests : IDisposable
{
    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _node;

    public DefaultGatewayMonitorTests()
    {
        _node = _namespaces.Create("n");
        TestNamespaces.Join(_node, "eth0", "02:00:00:00:00:0a", _namespaces.Create("s"), "port0", "02:00:00:00:00:0b");
        TestNamespaces.Ip(_node, "address add 10.70.0.11/24 dev eth0");
        TestNamespaces.Ip(_node, "address add fd70::11/64 dev eth0 nodad");
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public void Snapshot_TwoFamiliesAndMultipath_AreFoundByMetric()
    {
        using var monitor = _node.Run(DefaultGatewayMonitor.Open);
        monitor.Snapshot().ShouldBeEmpty();
        TestNamespaces.Ip(_node, "route add default via 10.70.0.1 metric 20");
        TestNamespaces.Ip(
            _node, "route add default metric 10 nexthop via 10.70.0.2 dev eth0 nexthop via 10.70.0.3 dev eth0");
        TestNamespaces.Ip(_node, "route add default via 10.70.0.9 table 77");
        TestNamespaces.Ip(_node, "-6 route add default via fd70::1 metric 30");

        var gateways = monitor.Snapshot();

        Addresses(gateways).ShouldBe(["10.70.0.2", "10.70.0.3", "10.70.0.1", "fd70::1"]);
        gateways.ShouldAllBe(gateway => gateway.InterfaceIndex > 1);
    }

    [Fact]
    public async Task WatchAsync_RouteComesAndGoes_YieldsEachAndNoOther()
    {
        using var monitor = _node.Run(DefaultGatewayMonitor.Open);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var states = monitor.WatchAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token)
            .GetAsyncEnumerator(limit.Token);
        (await states.MoveNextAsync()).ShouldBeTrue();
        states.Current.ShouldBeEmpty();

        TestNamespaces.Ip(_node, "route add 10.99.0.0/16 via 10.70.0.7");
        TestNamespaces.Ip(_node, "route add default via 10.70.0.1");
        (await states.MoveNextAsync()).ShouldBeTrue();
        Addresses(states.Current).ShouldBe(["10.70.0.1"]);

        TestNamespaces.Ip(_node, "route del default");
        (await states.MoveNextAsync()).ShouldBeTrue();
        states.Current.ShouldBeEmpty();
    }

    private static IEnumerable<string> Addresses(ImmutableArray<DefaultGateway> gateways) =>
        gateways.Select(gateway => gateway.Address.ToString());
}
