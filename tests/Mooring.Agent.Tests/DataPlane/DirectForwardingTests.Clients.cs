using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Clients wherever they are, endpoints outside the cluster, and clients that are not to be served.</summary>
public sealed partial class DirectForwardingTests
{
    /// <summary>Nothing answers a packet that is dropped.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(3);

    /// <summary>A node or a pod calls: on the holder, on another node, behind the tunnel.</summary>
    [Theory]
    [InlineData(DirectLab.Vip)]
    [InlineData(DirectLab.VipV6)]
    public async Task Apply_ClientInTheCluster_IsServedByEveryPod(string vip)
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);
        var v6 = vip == DirectLab.VipV6;

        foreach (var node in (int[])[1, 2, DirectLab.Nodes])
        {
            var net = node == DirectLab.Nodes ? 80 : 70;
            await ShouldBeServedAsync($"n{node}", v6 ? $"fd00:{net}::1{node}" : $"10.{net}.0.1{node}", "");
            await ShouldBeServedAsync($"p{node}", $"{DirectLab.PodOf(node, v6).Address}", v6 ? $"fd00:71:{node}::1" : $"10.71.{node}.1");
        }

        async Task ShouldBeServedAsync(string from, string seen, string seenByItself) =>
            (await AnswersAsync(from, vip)).ShouldBe(
                Enumerable.Range(1, 4).Select(pod => $"p{pod} saw {(from == $"p{pod}" ? seenByItself : seen)}"),
                ignoreOrder: true,
                $"{from}: a pod that calls itself is masqueraded");
    }

    /// <summary>The holder, or the node that calls, translates and masquerades for it; the pods beside it see the client.</summary>
    [Theory]
    [InlineData("client", "10.70.0.200", "10.90.0.2", "10.70.0.11")]
    [InlineData("n2", "10.70.0.12", "10.90.0.2", "10.70.0.12")]
    [InlineData("client", "fd00:70::200", "fd00:90::2", "fd00:70::11")]
    public async Task Apply_EndpointOutsideTheCluster_IsServedByNat(string from, string seen, string outside, string masqueraded)
    {
        _outside = [IPAddress.Parse(outside)];
        await PoolAsync(2, 3);
        await HoldAsync(1);

        (await AnswersAsync(from, VipFor(seen))).ShouldBe(
            [$"p2 saw {seen}", $"p3 saw {seen}", $"far saw {masqueraded}"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(DirectLab.Vip, "10.90.0.2", "10.70.0.0/24")]
    [InlineData(DirectLab.VipV6, "fd00:90::2", "fd00:70::/64")]
    public async Task Apply_SourceRanges_ServeOnlyClientsWithin(string vip, string far, string near)
    {
        await PoolAsync(1, 2, 4);
        await HoldAsync(1);
        (await _lab.AskAsync("far", vip)).ShouldEndWith(far);
        using var established = await _lab.ConnectAsync("far", vip);
        await DirectLab.ReadAsync(established);

        await RestrictAsync(near);

        var answers = await AnswersAsync("client", vip);
        answers.Select(answer => answer[..2]).ShouldBe(["p1", "p2", "p4"], ignoreOrder: true);
        var echoes = DirectLab.EchoesAsync(established, 1000, Soon);
        (await Task.WhenAll(
            Enumerable.Range(20_000, 12).Select(port => _lab.AskAsync("far", vip, sourcePort: port, patience: Soon))
                .Append(_lab.AskAsync("p2", vip, patience: Soon))))
            .ShouldAllBe(answer => answer == "timeout", "neither a client far away nor a pod is within");
        (await echoes).ShouldBeFalse("established before");

        await RestrictAsync(near, $"{far}/{(far.Contains(':', StringComparison.Ordinal) ? 128 : 32)}");
        (await _lab.AskAsync("far", vip)).ShouldEndWith(far);
    }

    private Task RestrictAsync(params string[] ranges)
    {
        _ranges = [.. ranges.Select(text => SourceRange.TryParse(text, out var range) ? range : throw new FormatException(text))];
        return ApplyAsync(_ => false, _ => null);
    }

    private static string VipFor(string client) => client.Contains(':', StringComparison.Ordinal) ? DirectLab.VipV6 : DirectLab.Vip;

    [Theory]
    [InlineData(DirectLab.Vip)]
    [InlineData(DirectLab.VipV6)]
    public async Task Apply_ClientOnANodeTakesAPortAgain_IsServedWhereverItsSlotWentMeanwhile(string vip)
    {
        // Tracked flows of the first use, ended but not forgotten, are not in the way of the second.
        foreach (var pods in (int[][])[[1, 2, 3], [1, 3], [1, 2, 3]])
        {
            await PoolAsync(pods);
            await HoldAsync(1);
            for (var port = 20_000; port < 20_040; port++)
            {
                using var connection = await _lab.ConnectAsync("n2", vip, sourcePort: port);
                connection.LingerState = new LingerOption(enable: true, seconds: 0);
                (await DirectLab.ReadAsync(connection)).ShouldStartWith("p", customMessage: $"port {port}, pods {string.Join(", ", pods)}");
            }
        }
    }
}
