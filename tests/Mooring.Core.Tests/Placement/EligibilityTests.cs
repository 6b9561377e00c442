using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Placement;

public sealed class EligibilityTests
{
    private static readonly PlacementRequest Request = PlacementPlannerTests.Requests(1).Single();
    private static readonly NodeFacts Good = PlacementPlannerTests.Node(1);

    [Fact]
    public void Reject_GoodNode_IsNull()
    {
        Check(Request, Good).ShouldBeNull();
    }

    [Fact]
    public void Reject_AgentAbsent_SaysSo()
    {
        Check(Request, Good with { Agent = AgentPresence.Absent })!.Reason.ShouldBe(IneligibleReason.AgentNotConnected);
    }

    [Fact]
    public void Reject_NotReady_SaysSo()
    {
        Check(Request, Good with { Ready = false })!.Reason.ShouldBe(IneligibleReason.NodeNotReady);
    }

    [Fact]
    public void Reject_Draining_SaysSo()
    {
        Check(Request, Good with { Draining = true })!.Reason.ShouldBe(IneligibleReason.Draining);
    }

    [Fact]
    public void Reject_Cordoned_CountsOnlyWhenAskedFor()
    {
        var cordoned = Good with { Unschedulable = true };

        Check(Request, cordoned).ShouldBeNull();
        Check(Request, cordoned, new PlacementOptions { CordonDrains = true })!.Reason.ShouldBe(IneligibleReason.Draining);
    }

    [Fact]
    public void Reject_ExcludeLabel_CountsWhateverItsValue()
    {
        Check(Request, Good with { Labels = Good.Labels.Add(NodeFacts.ExcludeLabel, "") })!
            .Reason.ShouldBe(IneligibleReason.ExcludedByLabel);
    }

    [Theory]
    [InlineData("disk", "nodeSelector wants disk=ssd, the node has no label disk")]
    [InlineData("name", "nodeSelector wants name=ssd, the node has name=node-1")]
    public void Reject_SelectorMismatch_NamesTheLabel(string key, string message)
    {
        var rejected = Check(Request with { NodeSelector = PlacementPlannerTests.Labels((key, "ssd")) }, Good)!;

        rejected.Reason.ShouldBe(IneligibleReason.NodeSelectorMismatch);
        rejected.Message.ShouldBe(message);
    }

    [Fact]
    public void Reject_NetworkUnavailable_SaysSo()
    {
        Check(Request, Good with { NetworkUnavailable = true })!.Reason.ShouldBe(IneligibleReason.NetworkUnavailable);
    }

    [Fact]
    public void Reject_CannotForward_IsAskedLast()
    {
        var node = Good with { CannotForward = "libnftables.so.1 is missing" };

        Check(Request, node).ShouldBe(new RejectedNode(Good.Name, IneligibleReason.CannotForward, "libnftables.so.1 is missing"));
        Check(Request, node with { Ready = false })!.Reason.ShouldBe(IneligibleReason.NodeNotReady);
        Eligibility.Checks[^1].Reason.ShouldBe(IneligibleReason.CannotForward);
    }

    [Fact]
    public void Reject_NoInterfaces_SaysThatNoneAreReported()
    {
        var rejected = Check(Request, Good with { Interfaces = [] })!;

        rejected.Reason.ShouldBe(IneligibleReason.NoInterfaceInSubnet);
        rejected.Message.ShouldEndWith("node-1 reports none");
    }

    [Fact]
    public void Reject_InterfaceDown_NamesIt()
    {
        var rejected = Check(Request, Good with { Interfaces = [Good.Interfaces[0] with { Up = false }] })!;

        rejected.Reason.ShouldBe(IneligibleReason.InterfaceDown);
        rejected.Message.ShouldStartWith("eth0 ");
    }

    [Fact]
    public void Reject_AddressOfANode_NamesItsOwner()
    {
        var rejected = Check(new PlacementRequest { Address = IPAddress.Parse("10.70.200.11") }, Good)!;

        rejected.Reason.ShouldBe(IneligibleReason.AddressUnusable);
        rejected.Message.ShouldBe("10.70.200.11 is node-1's own address on eth0");
    }

    [Theory]
    [InlineData("10.70.0.0")]
    [InlineData("10.70.255.255")]
    public void Reject_NetworkOrBroadcastAddress_SaysSo(string address)
    {
        Check(new PlacementRequest { Address = IPAddress.Parse(address) }, Good)!
            .Reason.ShouldBe(IneligibleReason.AddressUnusable);
    }

    [Fact]
    public void Reject_NoLocalEndpoint_CountsOnlyWhenThePolicyNeedsOne()
    {
        Check(Request with { LocalEndpointNodes = ["node-2"] }, Good)!.Reason.ShouldBe(IneligibleReason.NoLocalEndpoints);
        Check(Request with { LocalEndpointNodes = ["node-1"] }, Good).ShouldBeNull();
    }

    [Fact]
    public void Reject_HolderWhoseAgentIsExpected_SkipsOnlyWhatTheAgentReports()
    {
        var holder = Good with { Agent = AgentPresence.Expected, Interfaces = ImmutableArray<NodeInterface>.Empty };

        Check(Request, holder, holds: true).ShouldBeNull();
        Check(Request, holder).ShouldNotBeNull();
        Check(Request, holder with { Ready = false }, holds: true)!.Reason.ShouldBe(IneligibleReason.NodeNotReady);
    }

    private static RejectedNode? Check(
        PlacementRequest request, NodeFacts node, PlacementOptions? options = null, bool holds = false) =>
        Eligibility.Reject(
            request, node, holds, new EligibilityContext([node], options ?? PlacementOptions.Default));
}
