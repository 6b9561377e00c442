using Mooring.Core.Failover;
using Mooring.Core.Tests.Failover.Simulation;

namespace Mooring.Core.Tests.Failover;

/// <summary>What a node does that hears none of the others.</summary>
public sealed class IsolationTests
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private readonly SimCluster _cluster = new(seed: 1, nodes: 2, addresses: 1);

    public IsolationTests()
    {
        _cluster.Start();
        SetGateways(true, true);
        _cluster.Advance(Settled);
        Holders().ShouldBe(["node-1"]);
    }

    [Fact]
    public void Holder_HearsNeitherStandbyNorControllerNorGateway_WithdrawsAndClaimsNothing()
    {
        _cluster.SetController(reachable: false);
        SetGateways(false, true);
        _cluster.Split(["node-1"]);

        _cluster.Advance((_cluster.Detect * 2) + _cluster.Interval);
        Holders().ShouldBe(["node-2"]);
        _cluster.Nodes[0].Changes[^1].Change.Reason.ShouldBe(HolderChangeReason.Isolated);
        _cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Fenced);
        _cluster.Advance(Settled, () => Holders().ShouldBe(["node-2"]));

        _cluster.HealNetwork();
        _cluster.Advance(Settled, () => Holders().ShouldBe(["node-2"]));
        _cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Standby);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(null, false)]
    public void Holder_HearsTheGatewayOrTheControllerOrKnowsNoGateway_KeepsTheAddress(bool? gateway, bool controller)
    {
        SetGateways(gateway, gateway);
        _cluster.SetController(controller);
        _cluster.Nodes[1].Kill();

        _cluster.Advance(TimeSpan.FromSeconds(10), () => Holders().ShouldBe(["node-1"]));
        _cluster.Nodes[0].Views.Single().Isolated.ShouldBe(!controller);
    }

    [Fact]
    public void Holder_StandbyHeard_KeepsTheAddressWithoutGatewayAndController()
    {
        _cluster.SetController(reachable: false);
        SetGateways(false, false);

        _cluster.Advance(TimeSpan.FromSeconds(10), () => Holders().ShouldBe(["node-1"]));
    }

    [Fact]
    public void Standby_LosesHolderAndEverything_DoesNotClaimUntilTheGatewayIsBack()
    {
        _cluster.SetController(reachable: false);
        SetGateways(false, false);
        _cluster.Nodes[0].Kill();

        _cluster.Advance(Settled);
        Holders().ShouldBeEmpty();
        SetGateways(true, true);
        _cluster.Advance(_cluster.Detect);
        Holders().ShouldBeEmpty();
        _cluster.Advance(_cluster.Interval * 2);
        Holders().ShouldBe(["node-2"]);
    }

    private void SetGateways(bool? first, bool? second)
    {
        _cluster.Nodes[0].SetGateway(first);
        _cluster.Nodes[1].SetGateway(second);
    }

    private string[] Holders() => [.. _cluster.Holders(_cluster.Addresses[0]).Select(node => node.Name)];
}
