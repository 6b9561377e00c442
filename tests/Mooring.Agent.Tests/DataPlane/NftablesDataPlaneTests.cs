using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

[Collection(nameof(ForwardingLab))]
public sealed class NftablesDataPlaneTests : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse(ForwardingLab.Vip);
    private static readonly ForwardedBackend Pod1 = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Pod2 = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Remote = new(IPAddress.Parse("10.71.2.2"), 8080, 1, Local: false);

    private readonly ForwardingLab _lab;
    private NftablesDataPlane _engine;

    public NftablesDataPlaneTests(ForwardingLab lab)
    {
        _lab = lab;
        _engine = NewEngine();
    }

    public async ValueTask InitializeAsync()
    {
        _lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));
        var probe = await _engine.ProbeAsync(CancellationToken.None);
        probe.Problems.ShouldBeEmpty();
        probe.Modes.ShouldBe([ForwardingMode.Nat, ForwardingMode.Direct]);
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
    }

    public async ValueTask DisposeAsync() => await _engine.DisposeAsync();

    [Theory]
    [InlineData(BalancingAlgorithm.Maglev)]
    [InlineData(BalancingAlgorithm.RoundRobin)]
    public async Task Apply_ThreeBackends_EachGetsFlows(BalancingAlgorithm algorithm)
    {
        await ApplyAsync(Tcp(algorithm, Pod1, Pod2, Remote));

        var answers = Enumerable.Range(0, 60).Select(_ => _lab.Connect()).GroupBy(answer => answer)
            .ToDictionary(group => group.Key, group => group.Count());

        answers.Keys.ShouldBe(
            ["pod1 saw 10.70.0.200", "pod2 saw 10.70.0.200", "remote saw 10.70.0.11"], ignoreOrder: true,
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

        Enumerable.Range(0, 20).Select(_ => _lab.Connect()).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Apply_WeightedRoundRobin_FollowsTheWeights()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.WeightedRoundRobin, Pod1 with { Weight = 3 }, Pod2));

        Enumerable.Range(0, 40).Select(_ => _lab.Connect()).Count(answer => answer.StartsWith("pod1", StringComparison.Ordinal))
            .ShouldBe(30);
    }

    [Fact]
    public async Task Apply_BackendDrains_NewFlowsGoElsewhereAndOldOnesStay()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));
        using var established = _lab.OpenTcp();
        await established.ConnectAsync(Vip, 80);
        var buffer = new byte[200];
        var read = await established.ReceiveAsync(buffer);
        Encoding.ASCII.GetString(buffer, 0, read).ShouldStartWith("pod1");

        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod2) with { Draining = [Pod1] });

        Enumerable.Range(0, 20).Select(_ => _lab.Connect()).ShouldAllBe(answer => answer == "pod2 saw 10.70.0.200");
        await established.SendAsync("still there"u8.ToArray());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        read = await established.ReceiveAsync(buffer, limit.Token);
        Encoding.ASCII.GetString(buffer, 0, read).ShouldBe("still there");
    }

    [Fact]
    public async Task Apply_BackendRemoved_UdpClientMovesOn()
    {
        await ApplyAsync(Udp(Pod1));
        using var client = _lab.OpenUdp();
        ForwardingLab.Ask(client).ShouldBe("pod1");

        await ApplyAsync(Udp(Pod2));

        ForwardingLab.Ask(client).ShouldBe("pod2", "the tracked flow to the removed pod is cut");
    }

    [Fact]
    public async Task Apply_NoBackends_HolderRefusesAtOnce()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev));

        _lab.Connect().ShouldBe("refused");
        _lab.Connect(port: 81).ShouldBe("refused", "a port that is not served");
        using var udp = _lab.OpenUdp();
        await udp.ConnectAsync(Vip, 80);
        ForwardingLab.Ask(udp, 80).ShouldBe(nameof(SocketError.ConnectionRefused));
    }

    [Fact]
    public async Task Apply_NoBackendsAndHolds_AnswersOnceThereIsOne()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev) with { HoldsWithoutBackends = true });

        _lab.Connect(timeoutMillis: 300).ShouldBe("timeout");
        _lab.Connect(port: 81).ShouldBe("refused", "a port that is not served");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        var waiting = Task.Run(() => _lab.Connect());
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1) with { HoldsWithoutBackends = true });
        (await waiting).ShouldBe("pod1 saw 10.70.0.200", "its client went on trying");
    }

    [Fact]
    public async Task Apply_NoBackends_OtherThanHolderIsSilent()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev));
        await _engine.SetHolderAsync(Vip, held: false, CancellationToken.None);

        _lab.Connect(timeoutMillis: 300).ShouldBe("timeout");
    }

    [Fact]
    public async Task Apply_ClientOnTheNode_IsServedToo()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.RoundRobin, Pod1, Remote));

        var answers = Enumerable.Range(0, 4).Select(_ => _lab.Connect(from: "node")).Distinct();

        answers.ShouldBe(["pod1 saw 10.70.0.11", "remote saw 10.70.0.11"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_PodCallsItsOwnVip_GetsAnAnswer()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));

        _lab.Connect(from: "pod1").ShouldBe("pod1 saw 10.70.0.11");
    }

    [Fact]
    public async Task Apply_SameStateAgain_ChangesNothing()
    {
        var state = Tcp(BalancingAlgorithm.Maglev, Pod1, Pod2);
        (await ApplyAsync(state)).Changed.ShouldBe(1);

        (await ApplyAsync(state)).Changed.ShouldBe(0);
    }

    [Fact]
    public async Task Apply_AfterRestart_AdoptsWhatIsThere()
    {
        var state = Tcp(BalancingAlgorithm.Maglev, Pod1, Pod2);
        await ApplyAsync(state);
        var before = _lab.OnNode("nft", "-a list table inet mooring");

        await _engine.DisposeAsync();
        _engine = NewEngine();
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
        (await ApplyAsync(state)).Changed.ShouldBe(0);

        _lab.OnNode("nft", "-a list table inet mooring").ShouldBe(before, "not an element or handle changed");
    }

    /// <summary>As after an upgrade to a version, or with the first snapshot of a controller, that gives flows other slots.</summary>
    [Fact]
    public async Task Apply_TableOfAnotherShapeAfterRestart_EstablishedConnectionsGoOn()
    {
        var service = Tcp(BalancingAlgorithm.Maglev, Pod1, Pod2);
        await ApplyAsync(service);
        using var established = _lab.OpenTcp();
        await established.ConnectAsync(Vip, 80);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var buffer = new byte[200];
        await established.ReceiveAsync(buffer, limit.Token);

        await _engine.DisposeAsync();
        _engine = NewEngine();
        await _engine.SetHolderAsync(Vip, held: true, CancellationToken.None);
        var slots = SlotGenerations.Advance(null, AddressFamily.InterNetwork, TestFlows.Backends(service.Backends), _ => true, generation: 1);
        await ApplyAsync(service with { Slots = slots });

        _lab.OnNode("nft", "list table inet mooring").ShouldContain("flow-tcp-256");
        await established.SendAsync("still there"u8.ToArray());
        var read = await established.ReceiveAsync(buffer, limit.Token);
        Encoding.ASCII.GetString(buffer, 0, read).ShouldBe("still there");
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    [Fact]
    public async Task Apply_RemovedWhileDown_IsPrunedOnReturn()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1), Tcp(BalancingAlgorithm.Maglev, Pod2) with { Port = 8000 });
        await _engine.DisposeAsync();
        _engine = NewEngine();

        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));

        _lab.OnNode("nft", "list table inet mooring").ShouldNotContain("8000");
    }

    [Theory]
    [InlineData("flush table inet mooring")]
    [InlineData("delete table inet mooring")]
    [InlineData("flush map inet mooring endpoints-tcp")]
    [InlineData("flush map inet mooring services")]
    [InlineData("flush set inet mooring vips")]
    [InlineData("flush chain inet mooring postrouting")]
    public async Task Verify_TableChangedByAnother_IsRepaired(string command)
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.RoundRobin, Pod1, Remote));
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();

        _lab.OnNode("nft", command);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _engine.WaitForChangeAsync(limit.Token);

        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldAllBe(drift => drift.EndsWith(" by nft", StringComparison.Ordinal));
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        Enumerable.Range(0, 4).Select(_ => _lab.Connect()).Distinct()
            .ShouldBe(["pod1 saw 10.70.0.200", "remote saw 10.70.0.11"], ignoreOrder: true);
    }

    [Fact]
    public async Task Verify_OwnAndOthersChanges_AreNoDrift()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.RoundRobin, Pod1, Remote));
        _lab.OnNode("nft", "add table ip bystander");
        await ApplyAsync(Tcp(BalancingAlgorithm.RoundRobin, Pod1));
        _lab.OnNode("nft", "delete table ip bystander");

        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
    }

    [Fact]
    public async Task Verify_ChangedDuringOwnChanges_IsFoundAllTheSame()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));
        using var stop = new CancellationTokenSource();
        var foreign = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _lab.OnNode("nft", "flush map inet mooring services");
            }
        });
        for (var i = 0; i < 20; i++)
        {
            await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, i % 2 == 0 ? Pod2 : Pod1));
        }

        await stop.CancelAsync();
        await foreign;
        await _engine.VerifyAsync(CancellationToken.None);

        _lab.Connect().ShouldStartWith("pod1");
    }

    [Fact]
    public async Task Apply_OtherTables_AreLeftAlone()
    {
        _lab.OnNode("nft", "add table ip bystander");
        _lab.OnNode("nft", "add set ip bystander s { type ipv4_addr ; }");
        var before = _lab.OnNode("nft", "list table ip bystander");

        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));
        await _engine.VerifyAsync(CancellationToken.None);
        _lab.Node.Run(() => NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable));

        _lab.OnNode("nft", "list table ip bystander").ShouldBe(before);
        _lab.OnNode("nft", "list tables").ShouldNotContain("mooring");
        _lab.OnNode("nft", "delete table ip bystander");
    }

    [Fact]
    public async Task Apply_TableTakenAwayBetweenCalls_IsMadeAgain()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1));
        _lab.OnNode("nft", "delete table inet mooring");

        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod2));

        _lab.Connect().ShouldBe("pod2 saw 10.70.0.200");
    }

    [Fact]
    public async Task Apply_BackendChanges_OtherServicesGoOn()
    {
        var stable = Tcp(BalancingAlgorithm.Maglev, Pod1) with { Port = 81 };
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1, Pod2), stable);
        using var stop = new CancellationTokenSource();
        var failures = 0;
        var traffic = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                failures += _lab.Connect(port: 81) == "pod1 saw 10.70.0.200" ? 0 : 1;
            }
        });

        for (var i = 0; i < 20; i++)
        {
            await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, i % 2 == 0 ? Pod1 : Pod2), stable);
            _lab.Connect().ShouldStartWith(i % 2 == 0 ? "pod1" : "pod2");
        }

        await stop.CancelAsync();
        await traffic;
        failures.ShouldBe(0);
    }

    [Fact]
    public async Task Counters_AfterFlows_CountEachFlowOnce()
    {
        await ApplyAsync(Tcp(BalancingAlgorithm.Maglev, Pod1) with { Port = 82 });
        for (var i = 0; i < 5; i++)
        {
            _lab.Connect(port: 82);
        }

        var counters = (await _engine.CountersAsync(CancellationToken.None)).ShouldHaveSingleItem();
        counters.Port.ShouldBe((ushort)82);
        counters.Packets.ShouldBe(5);
    }

    [Fact]
    public async Task Apply_ThousandServices_LoadsAndChangesOne()
    {
        var services = Enumerable.Range(1, 1000).Select(port => Tcp(
                BalancingAlgorithm.Maglev,
                [.. Enumerable.Range(1, 10).Select(i => new ForwardedBackend(new IPAddress([10, 72, 0, (byte)i]), 8080, 1, false))])
            with { Port = (ushort)(1000 + port) }).ToArray();
        var clock = TimeProvider.System;

        var start = clock.GetTimestamp();
        (await ApplyAsync(services)).Changed.ShouldBe(1000);
        var load = clock.GetElapsedTime(start);
        services[500] = services[500] with { Backends = services[500].Backends.RemoveAt(3) };
        start = clock.GetTimestamp();
        (await ApplyAsync(services)).Changed.ShouldBe(1);
        TestContext.Current.SendDiagnosticMessage(
            $"1,000 services × 10 endpoints loaded in {load.TotalMilliseconds:0} ms, one changed in {clock.GetElapsedTime(start).TotalMilliseconds:0} ms");

        // Reading so many elements back would take about a minute.
        start = clock.GetTimestamp();
        (await _engine.VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();
        clock.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

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

    private NftablesDataPlane NewEngine() =>
        new(new DataPlaneOptions { Namespace = _lab.Node }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    private async Task<ApplyResult> ApplyAsync(params ForwardedService[] services)
    {
        var result = await _engine.ApplyAsync(new DataPlaneState { Services = [.. services] }, CancellationToken.None);
        await _engine.FlowsCut;
        result.Failed.ShouldBeEmpty();
        return result;
    }
}
