using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Gateways;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.Snapshots;
using Mooring.Linux.Netlink;
using Mooring.Linux.PacketSockets;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Gateways;

/// <summary>A real gateway: the kernel of the peer, which answers for its own addresses.</summary>
public sealed class GatewayProberTests : IAsyncLifetime
{
    private readonly SpeakerLab _lab = new();
    private readonly Channel<(string Interface, AddressFamily Family, bool? Reachable)> _reports =
        Channel.CreateUnbounded<(string, AddressFamily, bool?)>();

    private readonly FixedInterfaces _interfaces;
    private readonly GatewayProber _prober;

    public GatewayProberTests()
    {
        _interfaces = new FixedInterfaces { Current = _lab.Interfaces };
        _prober = new GatewayProber(
            () => _lab.Node.Run(DefaultGatewayMonitor.Open),
            new SpeakerSockets(
                (endPoint, filter) => _lab.Node.Run(() => PacketSocket.Open(endPoint, filter)),
                () => throw new NotSupportedException()),
            _interfaces,
            (name, family, reachable) => _reports.Writer.TryWrite((name, family, reachable)),
            TimeProvider.System,
            NullLogger<GatewayProber>.Instance);
    }

    public async ValueTask InitializeAsync() => await _prober.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _prober.StopAsync(CancellationToken.None);
        _prober.Dispose();
        await _lab.DisposeAsync();
    }

    [Theory]
    [InlineData("10.70.0.1", AddressFamily.InterNetwork)]
    [InlineData("fd00:70::1", AddressFamily.InterNetworkV6)]
    public async Task Gateway_AnswersThenFallsSilentThenIsBack_IsReported(string gateway, AddressFamily family)
    {
        TestNamespaces.Ip(_lab.Node, $"route add default via {gateway} dev eth0");
        (await NextAsync()).ShouldBe(("eth0", family, true));

        // The cable stays up, its other end answers nothing any more.
        TestNamespaces.Exec(_lab.Peer, "nft add table netdev cut");
        TestNamespaces.Exec(_lab.Peer, "nft add chain netdev cut in { type filter hook ingress device eth0 priority 0; policy drop; }");
        (await NextAsync()).ShouldBe(("eth0", family, false));

        TestNamespaces.Exec(_lab.Peer, "nft delete table netdev cut");
        (await NextAsync()).ShouldBe(("eth0", family, true));
    }

    [Fact]
    public async Task Gateway_LinkLocal_IsAskedFromTheNodesAddress()
    {
        TestNamespaces.Ip(_lab.Peer, "address add fe80::1/64 dev eth0 nodad");
        TestNamespaces.Ip(_lab.Node, "route add default via fe80::1 dev eth0");

        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetworkV6, true));
    }

    [Fact]
    public async Task Gateway_MacAddressChanges_IsFoundAgain()
    {
        TestNamespaces.Ip(_lab.Node, "route add default via 10.70.0.1 dev eth0");
        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetwork, true));

        TestNamespaces.Ip(_lab.Peer, "link set eth0 address 02:00:00:00:00:77");
        TestNamespaces.Ip(_lab.Node, "route add default via 10.71.0.1 dev eth1 metric 50");

        // Had the first one fallen silent, that would have been reported before the second one is heard twice.
        (await NextAsync()).ShouldBe(("eth1", AddressFamily.InterNetwork, true));
        TestNamespaces.Ip(_lab.Node, "route del default via 10.71.0.1 dev eth1 metric 50");
        (await NextAsync()).ShouldBe(("eth1", AddressFamily.InterNetwork, null));
    }

    [Fact]
    public async Task Route_Removed_GatewayIsUnknown()
    {
        TestNamespaces.Ip(_lab.Node, "route add default via 10.70.0.1 dev eth0");
        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetwork, true));

        TestNamespaces.Ip(_lab.Node, "route del default");

        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetwork, null));
    }

    [Fact]
    public async Task Gateway_NeverAnswers_TellsNothing()
    {
        TestNamespaces.Ip(_lab.Node, "route add default via 10.70.0.99 dev eth0");
        TestNamespaces.Ip(_lab.Node, "route add default via 10.71.0.1 dev eth1 metric 50");

        (await NextAsync()).ShouldBe(("eth1", AddressFamily.InterNetwork, true));
        TestNamespaces.Ip(_lab.Node, "route del default via 10.71.0.1 dev eth1 metric 50");
        (await NextAsync()).ShouldBe(("eth1", AddressFamily.InterNetwork, null), "nothing of eth0 in between");
    }

    [Fact]
    public async Task Interface_LosesItsAddresses_IsNotAsked()
    {
        TestNamespaces.Ip(_lab.Node, "route add default via 10.70.0.1 dev eth0");
        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetwork, true));

        _interfaces.Set([_lab.Interfaces[1]]);

        (await NextAsync()).ShouldBe(("eth0", AddressFamily.InterNetwork, null));
    }

    private async Task<(string Interface, AddressFamily Family, bool? Reachable)> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _reports.Reader.ReadAsync(limit.Token);
    }

    private sealed class FixedInterfaces : INodeInterfaces
    {
        public event EventHandler? Changed;

        public ImmutableArray<NodeInterface> Current { get; set; } = [];

        public void Set(ImmutableArray<NodeInterface> now)
        {
            Current = now;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }
}
