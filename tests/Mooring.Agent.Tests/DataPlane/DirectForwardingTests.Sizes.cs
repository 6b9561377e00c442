using System.Net.Sockets;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Packets that do not fit: path MTU, fragments, the tunnel's headers.</summary>
public sealed partial class DirectForwardingTests
{
    /// <summary>The router tells the VIP that a packet of a pod is too big: the pod has to hear of it, wherever it is.</summary>
    [Theory]
    [InlineData(DirectLab.Vip, "10.90.0.2")]
    [InlineData(DirectLab.VipV6, "fd00:90::2")]
    public async Task Apply_NarrowLinkFarAway_ItsPathMtuReachesThePod(string vip, string client)
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);
        var pods = new HashSet<string>();

        for (var i = 0; i < 16; i++)
        {
            using var connection = await _lab.ConnectAsync("far", vip);
            var greeting = await DirectLab.ReadAsync(connection);
            greeting.ShouldEndWith($"saw {client}");
            pods.Add(greeting[..2]);
            (await DirectLab.EchoesAsync(connection, 100_000)).ShouldBeTrue(greeting);
        }

        pods.Count.ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData(DirectLab.Vip)]
    [InlineData(DirectLab.VipV6)]
    public async Task Apply_Udp_IsServedAndFragmentsFollow(string vip)
    {
        await PoolAsync(1, 2, 4);
        await HoldAsync(1);
        var pods = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            using var udp = _lab.Open("client", vip, SocketType.Dgram);
            await udp.ConnectAsync(vip, 53);
            var answer = await AskAtLengthAsync(udp);
            answer.ShouldEndWith(" got 4000");
            pods.Add(answer[..2]);
        }

        pods.Count.ShouldBe(3);
    }

    private static async Task<string> AskAtLengthAsync(Socket udp)
    {
        while (true)
        {
            await udp.SendAsync(new byte[4000]);
            try
            {
                return await DirectLab.ReadAsync(udp);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
            {
                // IPv6 fragments are not cut again on their way: the holder told the client what fits the tunnel.
            }
        }
    }
}
