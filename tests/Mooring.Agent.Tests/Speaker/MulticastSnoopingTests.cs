using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Speaker;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>A switch that passes a multicast group only to ports from which it was asked for by MLD.</summary>
public sealed class MulticastSnoopingTests : IDisposable
{
    private const string Vip = "fd00:70::100";
    private const string Group = "ff02::1:ff00:100";

    private readonly TestNamespaces _namespaces = new();
    private readonly SpeakerLabMeters _meters = new();
    private readonly NetworkNamespace _switch;
    private readonly NetworkNamespace _client;

    public MulticastSnoopingTests()
    {
        _switch = _namespaces.Create("s");
        _client = _namespaces.Create("c");
        TestNamespaces.Join(_client, "eth0", "02:00:00:00:00:0c", _switch, "client", "02:00:00:00:01:0c");
        TestNamespaces.Ip(_client, "address add fd00:70::1/64 dev eth0 nodad");
        TestNamespaces.Ip(_switch, "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 1 mcast_querier 1 mcast_startup_query_interval 10");
        TestNamespaces.Ip(_switch, "link set br0 up");
        TestNamespaces.Ip(_switch, "link set client master br0");
    }

    public void Dispose()
    {
        _meters.Dispose();
        _namespaces.Dispose();
    }

    [Fact]
    public async Task Standby_IsInTheGroupBeforeItTakesOver_SoItIsAskedAtOnce()
    {
        await using var first = Speaker(1);
        await using var second = Speaker(2);
        await using var stranger = Speaker(3);
        first.Watch([IPAddress.Parse(Vip)]);
        second.Watch([IPAddress.Parse(Vip)]);
        await Eventually.HoldsAsync(() => Ports() is ["node1", "node2"], "the switch knows both, and not the third");

        first.Hold(IPAddress.Parse(Vip), long.MaxValue);
        Ping().ShouldBeTrue();
        first.Release(IPAddress.Parse(Vip));
        second.Hold(IPAddress.Parse(Vip), long.MaxValue);
        TestNamespaces.Ip(_client, "neighbour flush dev eth0");

        Ping().ShouldBeTrue();
        TestNamespaces.Exec(_client, $"ip neigh show {Vip}").ShouldContain("02:00:00:00:00:02");
    }

    private AddressSpeaker Speaker(int number)
    {
        var node = _namespaces.Create($"n{number}");
        var mac = new MacAddress(0x0200_0000_0000 + (ulong)number);
        TestNamespaces.Join(node, "eth0", mac.ToString(), _switch, $"node{number}", $"02:00:00:00:01:0{number}");
        TestNamespaces.Ip(_switch, $"link set node{number} master br0");
        TestNamespaces.Ip(node, $"address add fd00:70::1{number}/64 dev eth0 nodad");
        var speaker = new AddressSpeaker(
            new SpeakerSockets(
                (endPoint, filter) => node.Run(() => PacketSocket.Open(endPoint, filter)),
                () => node.Run(() => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp))),
            new SpeakerOptions(),
            new SpeakerMetrics(_meters),
            TimeProvider.System,
            NullLogger<AddressSpeaker>.Instance);
        speaker.InterfacesChanged(
        [
            new NodeInterface
            {
                Name = "eth0",
                Index = int.Parse(TestNamespaces.Exec(node, "ip -o link show eth0").Split(':')[0], CultureInfo.InvariantCulture),
                MacAddress = mac.ToPhysicalAddress(),
                Up = true,
                Addresses = [new InterfaceAddress(IPAddress.Parse($"fd00:70::1{number}"), IPNetwork.Parse("fd00:70::/64"))],
            },
        ]);
        return speaker;
    }

    /// <summary>Ports to which the switch passes the group.</summary>
    private ImmutableArray<string> Ports() =>
    [
        .. TestNamespaces.Exec(_switch, "bridge mdb show dev br0").Split('\n')
            .Where(line => line.Contains($"grp {Group} ", StringComparison.Ordinal))
            .Select(line => line.Split(' ') is var words ? words[Array.IndexOf(words, "port") + 1] : "")
            .Order(StringComparer.Ordinal),
    ];

    private bool Ping() =>
        TestNamespaces.Exec(_client, $"sh -c \"ping -c1 -W5 {Vip} || true\"").Contains(" 1 received", StringComparison.Ordinal);
}
