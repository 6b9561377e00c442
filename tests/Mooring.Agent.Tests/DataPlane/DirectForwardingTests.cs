using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.DataPlane;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

public sealed partial class DirectForwardingTests : IClassFixture<DirectLab>, IAsyncLifetime
{
    private readonly DirectLab _lab;
    private readonly NftablesDataPlane[] _engines;
    private readonly SnapshotPlanner[] _planners = [.. Enumerable.Range(1, DirectLab.Nodes).Select(node => new SnapshotPlanner(DirectLab.NameOf(node)))];
    private SlotAssignment? _slotsV4;
    private SlotAssignment? _slotsV6;
    private ulong _revision;
    private ImmutableHashSet<int> _ready = [];
    private ImmutableArray<IPAddress> _outside = [];
    private ImmutableArray<IPNetwork> _ranges = [];
    private readonly List<Socket> _opened = [];

    public DirectForwardingTests(DirectLab lab)
    {
        _lab = lab;
        _engines =
        [
            .. Enumerable.Range(1, DirectLab.Nodes).Select(node => new NftablesDataPlane(
                new DataPlaneOptions { Namespace = lab.Node(node) }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance)),
        ];
    }

    public async ValueTask InitializeAsync()
    {
        foreach (var node in Enumerable.Range(1, DirectLab.Nodes))
        {
            _lab.Node(node).Run(() =>
            {
                NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable);
                using var conntrack = new ConntrackTable();
                conntrack.Delete(_ => true);
            });
            (await Engine(node).ProbeAsync(CancellationToken.None)).Modes.ShouldContain(ForwardingMode.Direct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }

        // libnftables takes no descriptor above 1023, and tests are many.
        _opened.ForEach(connection => connection.Dispose());
    }

    [Theory]
    [InlineData(DirectLab.Vip, "10.70.0.200")]
    [InlineData(DirectLab.VipV6, "fd00:70::200")]
    public async Task Apply_FourNodes_EveryPodServesAndSeesTheClient(string vip, string client)
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);

        var answers = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            answers.Add(await _lab.AskAsync(to: vip));
        }

        answers.Distinct().ShouldBe(Enumerable.Range(1, 4).Select(pod => $"p{pod} saw {client}"), ignoreOrder: true);
    }

    [Theory]
    [InlineData(DirectLab.Vip)]
    [InlineData(DirectLab.VipV6)]
    public async Task Apply_SlotOfEachFlow_IsTheOneOfTheSpecification(string vip)
    {
        await PoolAsync(1, 2, 3);
        await HoldAsync(1);
        var slots = vip == DirectLab.Vip ? _slotsV4! : _slotsV6!;
        var client = IPAddress.Parse(vip == DirectLab.Vip ? "10.70.0.200" : "fd00:70::200");

        // Below the ports that the kernel gives to other sockets of this client (net.ipv4.ip_local_port_range).
        for (var port = 20_000; port < 20_060; port++)
        {
            var owner = slots.OwnerOf(SlotHash.OfFlow(client, (ushort)port, slots.Size)).Node!;
            (await _lab.AskAsync(to: vip, sourcePort: port)).ShouldStartWith($"p{owner[^1]} ");
        }
    }

    [Theory]
    [InlineData(DirectLab.Vip, "10.70.0.200")]
    [InlineData(DirectLab.VipV6, "fd00:70::200")]
    public async Task Apply_ManyFlows_AreTrackedByTheNodesOfTheirSlotsAlone(string vip, string client)
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);
        var slots = vip == DirectLab.Vip ? _slotsV4! : _slotsV6!;
        var sources = Enumerable.Range(10_000, 2000).Select(port => new IPEndPoint(IPAddress.Parse(client), port)).ToArray();

        var tracked = await TestFlows.SendAsync(
            _lab.Client, [.. Enumerable.Range(1, DirectLab.Nodes).Select(_lab.Node)], new IPEndPoint(IPAddress.Parse(vip), 53), sources);

        tracked.ShouldAllBe(flow => DirectLab.NameOf(flow.Value.Node + 1)
            == slots.OwnerOf(SlotHash.OfFlow(flow.Key.Address, (ushort)flow.Key.Port, slots.Size)).Node);
    }

    [Theory]
    [InlineData(DirectLab.Vip)]
    [InlineData(DirectLab.VipV6)]
    public async Task Move_WithPoolChangeAtTheSameTime_EveryConnectionLives(string vip)
    {
        await PoolAsync(1, 2);
        await HoldAsync(1);
        var connections = await OpenAsync(40, vip);

        await HoldAsync(2);
        await PoolAsync(1, 2, 3, 4);
        await ShouldLiveAsync(connections, "moved from node-1 to node-2 while pods were added on node-3 and node-4");
        connections.AddRange(await OpenAsync(40, vip));

        // Node-4 is out of the pool but its pod lives on: it drains.
        await PoolAsync(1, 2, 3);
        await HoldAsync(3);
        await ShouldLiveAsync(connections, "moved on to node-3 while a pod was removed elsewhere");

        await HoldAsync(1);
        await ShouldLiveAsync(connections, "moved back");
        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    [Fact]
    public async Task Apply_BulkThroughTheTunnel_IsWholeAndFitsIt()
    {
        await PoolAsync(4);
        await HoldAsync(1);
        using var connection = await _lab.ConnectAsync();
        (await DirectLab.ReadAsync(connection)).ShouldBe("p4 saw 10.70.0.200");

        (await DirectLab.EchoesAsync(connection, 2_000_000)).ShouldBeTrue();

        _lab.Run("client", "ss", "-tinH dst 10.70.0.100").ShouldContain("mss:1398", Case.Sensitive, "1,500 less the tunnel's 50, two headers and timestamps");
    }

    [Fact]
    public async Task Apply_NoPodTakesFlows_HolderRefusesNewOnesAndOldOnesGoOn()
    {
        await PoolAsync(2, 3);
        await HoldAsync(1);
        using var connection = await _lab.ConnectAsync();
        await DirectLab.ReadAsync(connection);

        await PoolAsync();

        (await _lab.AskAsync()).ShouldBe(nameof(SocketError.ConnectionRefused));
        (await DirectLab.EchoesAsync(connection, 1000)).ShouldBeTrue();
    }

    [Fact]
    public async Task Apply_VerdictOfOneNodeAlone_NewFlowsAvoidThePod()
    {
        await PoolAsync(1, 2, 3);
        await HoldAsync(1);
        var connections = await OpenAsync(30, DirectLab.Vip);

        await ApplyAsync(node => node == 1, _ => DirectLab.PodOf(3));

        for (var i = 0; i < 30; i++)
        {
            (await _lab.AskAsync()).ShouldNotStartWith("p3");
        }

        await ShouldLiveAsync(connections, "an unfit pod keeps its flows");
    }

    /// <summary>While the controller is away nobody else remembers who stood in for the pod.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Apply_PodUnfitAndFitAgain_ConnectionsMadeMeanwhileLive(int holder)
    {
        await PoolAsync(1, 2, 3);
        await HoldAsync(holder);
        await ApplyAsync(_ => true, _ => DirectLab.PodOf(1));
        var connections = await OpenAsync(40, DirectLab.Vip);

        await ApplyAsync(_ => true, _ => null);

        await ShouldLiveAsync(connections, "their pods were never unfit");
        await ApplyAsync(_ => true, _ => DirectLab.PodOf(2));
        await ShouldLiveAsync(connections, "after the verdict on another");
    }

    [Fact]
    public async Task Verify_PathsTakenAway_AreRepaired()
    {
        await PoolAsync(1, 2, 3, 4);
        await HoldAsync(1);
        (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty();

        foreach (var command in (string[])["link del mooring1", "link del mooring0", "rule flush", "-6 rule flush"])
        {
            _lab.Run("n1", "ip", command);
            if (command.EndsWith("rule flush", StringComparison.Ordinal))
            {
                _lab.Run("n1", "ip", command.Replace("flush", "add pref 32766 lookup main", StringComparison.Ordinal));
                _lab.Run("n1", "ip", command.Replace("flush", "add pref 32767 lookup default", StringComparison.Ordinal));
            }

            (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldNotBeEmpty(command);
            (await Engine(1).VerifyAsync(CancellationToken.None)).Drift.ShouldBeEmpty(command);
        }

        var answers = new HashSet<string>();
        for (var i = 0; i < 60; i++)
        {
            answers.Add(await _lab.AskAsync());
        }

        answers.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Apply_AfterRestart_AdoptsWhatIsThere()
    {
        await PoolAsync(1, 2);
        await HoldAsync(1);
        await PoolAsync(1, 2, 4);
        var before = InKernel();

        await RestartAsync(() => { });
        await Engine(1).SetHolderAsync(IPAddress.Parse(DirectLab.Vip), held: true, CancellationToken.None);
        await Engine(1).SetHolderAsync(IPAddress.Parse(DirectLab.VipV6), held: true, CancellationToken.None);
        (await Engine(1).ApplyAsync(Plan(1), CancellationToken.None)).Changed.ShouldBe(0);

        InKernel().Except(before).ShouldBeEmpty("not an element, handle or rule changed");

        // What packets still count in the meantime is no change.
        string[] InKernel() => Counts().Replace(
            _lab.Run("n1", "nft", "-a list ruleset") + _lab.Run("n1", "ip", "rule") + _lab.Run("n1", "ip", "-d link"), "").Split('\n');
    }

    [GeneratedRegex("packets [0-9]+ bytes [0-9]+")]
    private static partial Regex Counts();

    /// <summary>Another engine for node-1, after something was done while there was none.</summary>
    private async Task RestartAsync(Action meanwhile)
    {
        await Engine(1).DisposeAsync();
        _lab.Node(1).Run(meanwhile);
        _engines[0] = new NftablesDataPlane(
            new DataPlaneOptions { Namespace = _lab.Node(1) }, TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);
    }

    private NftablesDataPlane Engine(int node) => _engines[node - 1];

    private async Task HoldAsync(int holder)
    {
        foreach (var node in Enumerable.Range(1, DirectLab.Nodes))
        {
            await Engine(node).SetHolderAsync(IPAddress.Parse(DirectLab.Vip), node == holder, CancellationToken.None);
            await Engine(node).SetHolderAsync(IPAddress.Parse(DirectLab.VipV6), node == holder, CancellationToken.None);
        }

        _lab.Announce(holder);
    }

    /// <summary>Pods of these nodes take new flows; the others drain.</summary>
    private Task PoolAsync(params int[] ready)
    {
        _revision++;
        _ready = [.. ready];
        _slotsV4 = Advance(_slotsV4, AddressFamily.InterNetwork);
        _slotsV6 = Advance(_slotsV6, AddressFamily.InterNetworkV6);
        return ApplyAsync(_ => false, _ => null);
    }

    private SlotAssignment? Advance(SlotAssignment? slots, AddressFamily family) => SlotGenerations.Advance(
        slots, family, Backends(), backend => backend.Condition == BackendCondition.Ready, _revision);

    private ImmutableArray<Backend> Backends() =>
    [
        .. Enumerable.Range(1, DirectLab.Nodes).SelectMany(
            pod => new[] { Of(pod, v6: false, _ready.Contains(pod)), Of(pod, v6: true, _ready.Contains(pod)) }),
        .. _outside.Select(address => new Backend { Address = address, Port = PodServer.Port, Condition = BackendCondition.Ready }),
    ];

    private async Task ApplyAsync(Func<int, bool> judges, Func<int, IPEndPoint?> unfit)
    {
        foreach (var node in Enumerable.Range(1, DirectLab.Nodes))
        {
            var state = Plan(node, endPoint => judges(node) && endPoint.Equals(unfit(node)) ? false : null);
            var result = await Engine(node).ApplyAsync(state, CancellationToken.None);
            result.Failed.ShouldBeEmpty();
        }
    }

    private DataPlaneState Plan(int node, Func<IPEndPoint, bool?>? isHealthy = null)
    {
        var set = new BackendSet
        {
            Id = "default/web:8080",
            Pool = new NamespacedName("default", "web"),
            Backends = Backends(),
            Slots = [.. new[] { _slotsV4, _slotsV6 }.OfType<SlotAssignment>()],
        };
        var snapshot = new ClusterSnapshot
        {
            Revision = _revision,
            Nodes = _lab.Peers(),
            BackendSets = [set],
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Forwarding = ForwardingMode.Direct,
                    SourceRanges = _ranges,
                    Addresses =
                    [
                        new AddressIntent { Address = IPAddress.Parse(DirectLab.Vip) },
                        new AddressIntent { Address = IPAddress.Parse(DirectLab.VipV6) },
                    ],
                    Ports =
                    [
                        new PortIntent { Name = "web", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = set.Id },
                        new PortIntent { Name = "dns", Port = 53, Protocol = TransportProtocol.Udp, BackendSetId = set.Id },
                    ],
                },
            ],
        };
        return _planners[node - 1].Plan(snapshot, (_, endPoint) => isHealthy?.Invoke(endPoint), changedVerdicts: null);
    }

    private static Backend Of(int node, bool v6, bool ready) => new()
    {
        Address = DirectLab.PodOf(node, v6).Address,
        Port = PodServer.Port,
        NodeName = DirectLab.NameOf(node),
        Condition = ready ? BackendCondition.Ready : BackendCondition.Draining,
    };

    private async Task<List<Socket>> OpenAsync(int count, string vip)
    {
        var connections = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            var connection = await _lab.ConnectAsync(to: vip);
            (await DirectLab.ReadAsync(connection)).ShouldContain(" saw ");
            connections.Add(connection);
        }

        _opened.AddRange(connections);
        return connections;
    }

    private static async Task ShouldLiveAsync(List<Socket> connections, string what)
    {
        var alive = await Task.WhenAll(connections.Select(connection => DirectLab.EchoesAsync(connection, 20_000)));
        alive.Count(one => one).ShouldBe(connections.Count, what);
    }
}
