using System.Collections.Immutable;
using System.Net;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.Failover;

/// <summary>Real heartbeats of nodes that have IPv4, IPv6 or both on the announcing interface.</summary>
public sealed class HeartbeatFamilyTests
{
    private static readonly IPAddress Vip4 = IPAddress.Parse("10.99.0.100");
    private static readonly IPAddress Vip6 = IPAddress.Parse("fd00:99::100");

    [Fact]
    public async Task Nodes_ShareIPv6Only_TakeOverFromEachOther()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        var interfaces = Enumerable.Range(1, 2)
            .Select(node => TestSegment.Interfaces(node, TestSegment.AddressV6Of(node))).ToArray();
        await using var first = new TestAgent(1, segment[1]);
        await using var second = new TestAgent(2, segment[2]);
        var snapshot = Snapshot(interfaces, Vip6);
        await first.StartAsync(snapshot, interfaces[0]);
        await second.StartAsync(snapshot, interfaces[1]);
        await Eventually.HoldsAsync(() => first.Answers(Vip6) != second.Answers(Vip6), "one of the two answers");
        var (holder, other) = first.Answers(Vip6) ? (first, second) : (second, first);
        await Eventually.HoldsAsync(
            () => other.Service.States is [{ Holder: { } known }] && known == holder.Name, "the other hears it");

        await holder.KillAsync();

        await Eventually.HoldsAsync(() => other.Answers(Vip6), "the other takes over");
    }

    [Fact]
    public async Task Nodes_HaveBothFamilies_SendOneHeartbeatForBothOverIPv4()
    {
        Assert.SkipUnless(TestSegment.WhyNot is null, TestSegment.WhyNot ?? "");
        using var segment = new TestSegment();
        var interfaces = Enumerable.Range(1, 2)
            .Select(node => TestSegment.Interfaces(node, TestSegment.AddressV6Of(node), TestSegment.AddressOf(node)))
            .ToArray();
        using var v4 = new FrameCapture(segment[2], "eth0", EtherType.IPv4);
        using var v6 = new FrameCapture(segment[2], "eth0", EtherType.IPv6);
        await using var first = new TestAgent(1, segment[1]);
        await using var second = new TestAgent(2, segment[2]);
        var snapshot = Snapshot(interfaces, Vip4, Vip6);
        await first.StartAsync(snapshot, interfaces[0]);
        await second.StartAsync(snapshot, interfaces[1]);

        await Eventually.HoldsAsync(
            () => new[] { first, second }.All(agent => agent.Service.States is [{ Holder: not null }, { Holder: not null }]),
            "both know the holders of both");
        foreach (var vip in (IPAddress[])[Vip4, Vip6])
        {
            (first.Answers(vip) != second.Answers(vip)).ShouldBeTrue($"one of the two answers for {vip}");
        }

        v4.Frames.Count(frame => frame[23] == 17).ShouldBeGreaterThan(0, "heartbeats are UDP");
        v6.Frames.ShouldNotContain(frame => frame[20] == 17);
    }

    private static ClusterSnapshot Snapshot(ImmutableArray<NodeInterface>[] interfaces, params IPAddress[] vips) => new()
    {
        Revision = 1,
        HeartbeatKeys = [new HeartbeatKey(1, [.. Enumerable.Repeat((byte)7, HeartbeatKey.SecretLength)])],
        Nodes = [.. interfaces.Select((nics, i) => new NodePeer { Name = $"node-{i + 1}", Interfaces = nics })],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [.. vips.Select(vip => new AddressIntent { Address = vip, Candidates = ["node-1", "node-2"] })],
            },
        ],
    };
}
