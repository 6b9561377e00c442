using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Beside kube-proxy, whose tables are made before ours or, when it restarts, after them.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class KubeProxyTests(ForwardingLab lab) : IAsyncLifetime
{
    private const string Endpoint = "10.71.2.2:8080";

    private readonly NftablesDataPlane _engine = new(
        new DataPlaneOptions { Namespace = lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    public static TheoryData<string, string> Modes => new()
    {
        { "ip kube-proxy", KubeProxyRules.Nftables(ForwardingLab.Vip, Endpoint) },
        { "ip nat", KubeProxyRules.Iptables(ForwardingLab.Vip, Endpoint) },
    };

    public async ValueTask InitializeAsync()
    {
        lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        await _engine.ProbeAsync(CancellationToken.None);
        await _engine.SetHolderAsync(IPAddress.Parse(ForwardingLab.Vip), held: true, CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Apply_KubeProxyTranslatesTheVip_OursComesFirst(string table, string rules)
    {
        try
        {
            Load(rules);
            await ApplyAsync();
            Answers().ShouldBe(["pod1 saw 10.70.0.200"], "ours was made last");

            lab.OnNode("nft", $"delete table {table}");
            Load(rules);
            Answers().ShouldBe(["pod1 saw 10.70.0.200"], "kube-proxy started last");
            lab.Connect(from: "node").ShouldBe("pod1 saw 10.70.0.11", "a client on the node");
            (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();

            var before = lab.OnNode("nft", $"list table {table}");
            lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
            lab.OnNode("nft", $"list table {table}").ShouldBe(before);
            lab.Connect().ShouldBe("remote saw 10.70.0.11", "without ours it is kube-proxy that serves");
        }
        finally
        {
            lab.OnNode("nft", $"delete table {table}");
        }
    }

    private IEnumerable<string> Answers() => Enumerable.Range(0, 10).Select(_ => lab.Connect()).Distinct();

    private void Load(string rules)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, rules);
            lab.OnNode("nft", $"-f {file}").ShouldBeEmpty();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task ApplyAsync()
    {
        var result = await _engine.ApplyAsync(
            new DataPlaneState
            {
                Services =
                [
                    new ForwardedService
                    {
                        VirtualIp = new NamespacedName("default", "web"),
                        Address = IPAddress.Parse(ForwardingLab.Vip),
                        Protocol = TransportProtocol.Tcp,
                        Port = 80,
                        Backends = [new ForwardedBackend(IPAddress.Parse("10.71.1.2"), PodServer.Port, 1, Local: true)],
                    },
                ],
            },
            CancellationToken.None);
        result.Failed.ShouldBeEmpty();
    }
}
