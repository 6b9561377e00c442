using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

[Collection(nameof(ForwardingLab))]
public sealed class NftablesDataPlaneIPv6Tests : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.VipV6);
    private static readonly ForwardedBackend Pod1 = new(IPAddress.Parse("fd00:71:1::2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Pod2 = new(IPAddress.Parse("fd00:71:1::3"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Remote = new(IPAddress.Parse("fd00:71:2::2"), 8080, 1, Local: false);

    private readonly ForwardingLab _lab;
    private readonly NftablesDataPlane _engine;

    public NftablesDataPlaneIPv6Tests(ForwardingLab lab)
    {
        _lab = lab;
        _engine = new(new DataPlaneOptions { Namespace = _lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);
    }

    public async ValueTask InitializeAsync()
    {
        _lab.Node.Run(() =>
        {
            NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable);
            File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "0");
        });
        (await _engine.ProbeAsync(CancellationToken.None)).Problems.ShouldBeEmpty();
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData(BalancingAlgorithm.Maglev)]
    [InlineData(BalancingAlgorithm.RoundRobin)]
    public async Task Apply_ThreeBackends_EachGetsFlows(BalancingAlgorithm algorithm)
    {
        await ApplyAsync(Tcp(algorithm, Pod1, Pod2, Remote));

        var answers = Enumerable.Range(0, 60).Select(_ => Connect()).GroupBy(answer => answer)
            .ToDictionary(group => group.Key, group => group.Count());

        answers.Keys.ShouldBe(
            ["pod1 saw fd00:70::200", "pod2 saw fd00:70::200", "remote saw fd00:70::11"], ignoreOrder: true,
            "a pod of this node sees the client, one elsewhere is masqueraded");
        if (algorithm == BalancingAlgorithm.RoundRobin)
        {
            answers.Values.ShouldAllBe(count => count == 20);
        }
    }

    [Fact]
    public async Task Apply_SourceIpHash_KeepsTheClientWithOneBackend()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.SourceIpHash, Pod1, Pod2, Remote));

        Enumerable.Range(0, 20).Select(_ => Connect()).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Apply_BackendRemoved_UdpClientMovesOn()
    {
        await ApplyAsync(Udp(Pod1));
        using var client = _lab.OpenUdp(AddressFamily.InterNetworkV6);
        ForwardingLab.Ask(client).ShouldBe("pod1");

        await ApplyAsync(Udp(Pod2));

        ForwardingLab.Ask(client).ShouldBe("pod2", "the tracked flow to the removed pod is cut");
    }

    [Fact]
    public async Task Apply_NoBackends_HolderRefusesAtOnce()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev));

        Connect().ShouldBe("refused");
        _lab.Connect(to: ForwardingLab.VipV6, port: 81).ShouldBe("refused", "a port that is not served");
        using var udp = _lab.OpenUdp(AddressFamily.InterNetworkV6);
        await udp.ConnectAsync(ForwardingLab.VipV6, 80);
        ForwardingLab.Ask(udp, 80).ShouldBe(nameof(SocketError.ConnectionRefused));
    }

    [Fact]
    public async Task Apply_NoBackends_OtherThanHolderIsSilent()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev));
        await _engine.SetHolderAsync(Vip, held: false, CancellationToken.None);

        _lab.Connect(to: ForwardingLab.VipV6, timeoutMillis: 300).ShouldBe("timeout");
    }

    [Fact]
    public async Task Apply_ClientOnTheNode_IsServedToo()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.RoundRobin, Pod1, Remote));

        var answers = Enumerable.Range(0, 4).Select(_ => Connect(from: "node")).Distinct();

        answers.ShouldBe(["pod1 saw fd00:70::11", "remote saw fd00:70::11"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_PodCallsItsOwnVip_GetsAnAnswer()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));

        Connect(from: "pod1").ShouldBe("pod1 saw fd00:70::11");
    }

    [Fact]
    public async Task Verify_BothFamilies_FindsNoDriftInWhatItMade()
    {
        var other = Udp(Pod1, Remote) with { Address = IPAddress.Parse("fd00:70::5efe:a00:1") };
        var fourth = Tcp(BalancingAlgorithm.Maglev, new ForwardedBackend(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true))
            with { Address = IPAddress.Parse(ForwardingLab.Vip) };
        await ApplyAsync(fourth, Tcp(BalancingAlgorithm.RoundRobin, Pod1, Pod2), other);

        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();

        _lab.OnNode("nft", "flush map inet mooring endpoints6-tcp");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldNotBeEmpty();
        Connect().ShouldEndWith("saw fd00:70::200");
        _lab.Connect().ShouldBe("pod1 saw 10.70.0.200");
        (await _engine.CountersAsync(CancellationToken.None)).Count.ShouldBe(3);
    }

    private string Connect(string from = "client") => _lab.Connect(from: from, to: ForwardingLab.VipV6);

    private static ForwardedService Tcp(BalancingAlgorithm algorithm, params ImmutableArray<ForwardedBackend> backends) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = Vip,
        Protocol = TransportProtocol.Tcp,
        Port = 80,
        Algorithm = algorithm,
        Backends = backends,
    };

    private static ForwardedService Udp(params ImmutableArray<ForwardedBackend> backends) =>
        Tcp(BalancingAlgorithm.Maglev, backends) with { Protocol = TransportProtocol.Udp, Port = 53 };

    private async Task<ApplyResult> ApplyAsync(params ForwardedService[] services)
    {
        var result = await _engine.ApplyAsync(new DataPlaneState { Services = [.. services] }, CancellationToken.None);
        await _engine.FlowsCut;
        result.Failed.ShouldBeEmpty();
        result.Problems.ShouldBeEmpty();
        return result;
    }
}
