namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Beside kube-proxy on every node.</summary>
public sealed partial class DirectForwardingTests
{
    [Fact]
    public async Task Apply_KubeProxyTranslatesTheVip_EveryPodServesAndSeesTheClient()
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, KubeProxyRules.Nftables(DirectLab.Vip, "10.71.3.2:8080"));
            EveryNode("nft", $"-f {file}");
            var connections = await OpenAsync(40, DirectLab.Vip);

            await HoldAsync(2);

            await ShouldLiveAsync(connections, "beside kube-proxy");
            (await AnswersAsync("client")).ShouldBe(Enumerable.Range(1, 4).Select(pod => $"p{pod} saw 10.70.0.200"), ignoreOrder: true);
            (await AnswersAsync("n1")).ShouldBe(Enumerable.Range(1, 4).Select(pod => $"p{pod} saw 10.70.0.11"), ignoreOrder: true);
        }
        finally
        {
            EveryNode("nft", "delete table ip kube-proxy");
            File.Delete(file);
        }
    }

    /// <summary>In its IPVS mode the addresses are bound to a device of every node: no route leads to another node any more.</summary>
    [Fact]
    public async Task Apply_VipBoundByIpvs_PodsOfTheSegmentServe()
    {
        await PoolAsync(1, 2, 3);
        await HoldAsync(1);
        try
        {
            EveryNode("ip", "link add kube-ipvs0 type bridge");
            EveryNode("ip", $"addr add {DirectLab.Vip}/32 dev kube-ipvs0");

            (await AnswersAsync("client")).ShouldBe(Enumerable.Range(1, 3).Select(pod => $"p{pod} saw 10.70.0.200"), ignoreOrder: true);
        }
        finally
        {
            EveryNode("ip", "link del kube-ipvs0");
        }
    }

    private async Task<IEnumerable<string>> AnswersAsync(string from, string to = DirectLab.Vip)
    {
        var answers = new HashSet<string>();
        for (var i = 0; i < 60; i++)
        {
            answers.Add(await _lab.AskAsync(from, to));
        }

        return answers;
    }

    private void EveryNode(string program, string arguments)
    {
        foreach (var node in Enumerable.Range(1, DirectLab.Nodes))
        {
            _lab.Run($"n{node}", program, arguments).ShouldBeEmpty();
        }
    }
}
