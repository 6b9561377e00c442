using System.Net.Sockets;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>The short way of packets that are handed on where they come in.</summary>
public sealed partial class DirectForwardingTests
{
    [Theory]
    [InlineData(DirectLab.Vip, "/proc/net/snmp", "awk '/^Ip: [0-9]/ {print $7}'")]
    [InlineData(DirectLab.VipV6, "/proc/net/snmp6", "awk '/^Ip6OutForwDatagrams/ {print $2}'")]
    public async Task Apply_NodeOnTheSegment_HolderDoesNotRouteToIt(string vip, string file, string forwarded)
    {
        await PoolAsync(2);
        await HoldAsync(1);
        using var connection = await _lab.ConnectAsync(to: vip);
        (await DirectLab.ReadAsync(connection)).ShouldStartWith("p2 ");
        var before = Forwarded();

        (await DirectLab.EchoesAsync(connection, 300_000)).ShouldBeTrue();

        Forwarded().ShouldBe(before, "handed on before the network stack counts it");

        long Forwarded() => long.Parse(_lab.Run("n1", "bash", $"-c \"{forwarded} {file}\""));
    }

    [Fact]
    public async Task Apply_HopLimitRunsOutAtTheHolder_ClientIsTold()
    {
        await PoolAsync(2);
        await HoldAsync(1);
        using var socket = _lab.Open("client", DirectLab.Vip, SocketType.Stream);
        socket.Ttl = 1;

        (await Should.ThrowAsync<SocketException>(async () => await socket.ConnectAsync(DirectLab.Vip, 80)))
            .SocketErrorCode.ShouldBe(SocketError.HostUnreachable);
    }

    [Theory]
    [InlineData("delete table netdev mooring")]
    [InlineData("flush chain netdev mooring hand-on-0")]
    [InlineData("flush chain inet mooring early")]
    public async Task Verify_IngressTakenAway_IsRepairedAndPacketsGoTheLongWayMeanwhile(string command)
    {
        await PoolAsync(2, 3);
        await HoldAsync(1);
        var before = _lab.Run("n1", "nft", "list ruleset");

        _lab.Run("n1", "nft", command).ShouldBeEmpty();
        var connections = await OpenAsync(10, DirectLab.Vip);
        (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldNotBeEmpty();

        await ShouldLiveAsync(connections, "the long way leads to the same node");
        _lab.Run("n1", "nft", "list ruleset").Split('\n').Order().ShouldBe(before.Split('\n').Order());
        (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }
}
