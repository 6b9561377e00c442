using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Speaker;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>
/// Two hosts in network namespaces with two cables between them: the speaker on one, 10.70.0.11 and 10.71.0.11, and on
/// the other a peer, 10.70.0.1 and 10.71.0.1; the same with fd00:70:: and fd00:71::.
/// </summary>
internal sealed class SpeakerLab : IAsyncDisposable
{
    public static readonly MacAddress OwnMac = new(0x0200_0000_000A);
    public static readonly MacAddress PeerMac = new(0x0200_0000_000B);

    private readonly TestNamespaces _namespaces = new();
    private readonly List<FrameCapture> _captures = [];

    public SpeakerLab()
    {
        Node = _namespaces.Create("n");
        Peer = _namespaces.Create("p");
        TestNamespaces.Join(Node, "eth0", OwnMac.ToString(), Peer, "eth0", PeerMac.ToString());
        TestNamespaces.Join(Node, "eth1", "02:00:00:00:01:0a", Peer, "eth1", "02:00:00:00:01:0b");
        TestNamespaces.Ip(Node, "address add 10.70.0.11/24 dev eth0");
        TestNamespaces.Ip(Node, "address add 10.71.0.11/24 dev eth1");
        TestNamespaces.Ip(Peer, "address add 10.70.0.1/24 dev eth0");
        TestNamespaces.Ip(Peer, "address add 10.71.0.1/24 dev eth1");
        TestNamespaces.Ip(Node, "address add fd00:70::11/64 dev eth0 nodad");
        TestNamespaces.Ip(Node, "address add fd00:71::11/64 dev eth1 nodad");
        TestNamespaces.Ip(Peer, "address add fd00:70::1/64 dev eth0 nodad");
        TestNamespaces.Ip(Peer, "address add fd00:71::1/64 dev eth1 nodad");
        Interfaces = [Interface("eth0", OwnMac, 70), Interface("eth1", new(0x0200_0000_010A), 71)];
        Speaker = Create(Time);
        Speaker.InterfacesChanged(Interfaces);
    }

    public NetworkNamespace Node { get; }

    public NetworkNamespace Peer { get; }

    public ImmutableArray<NodeInterface> Interfaces { get; }

    public ManualTimeProvider Time { get; } = new();

    public SpeakerLabMeters Meters { get; } = new();

    public AddressSpeaker Speaker { get; }

    public long Far => Time.In(TimeSpan.FromDays(1));

    public AddressSpeaker Create(TimeProvider time) => new(
        new SpeakerSockets(
            (endPoint, filter) => Node.Run(() => PacketSocket.Open(endPoint, filter)),
            () => Node.Run(() => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp))),
        new SpeakerOptions(),
        new SpeakerMetrics(Meters),
        time,
        NullLogger<AddressSpeaker>.Instance);

    /// <summary>Captures what the peer receives from now on.</summary>
    public FrameCapture Capture(string device = "eth0", EtherType type = EtherType.Arp)
    {
        var capture = new FrameCapture(Peer, device, type);
        _captures.Add(capture);
        return capture;
    }

    /// <summary>Asks from the peer as its kernel would, but with a sequence of frames that the test controls.</summary>
    public static ArpPacket Question(IPAddress address, ArpOperation operation = ArpOperation.Request) => new(
        operation, PeerMac, IPv4Address.From(IPAddress.Parse("10.70.0.1")), default, IPv4Address.From(address));

    /// <summary>The number of echo replies that a ping from the peer got.</summary>
    public int Ping(string address, string options = "-c1 -W5") => Exec(Peer, $"ping {options} {address}");

    public static int IndexOf(NetworkNamespace inside, string device) => inside.Run(() =>
        NetworkInterface.GetAllNetworkInterfaces().Single(one => one.Name == device)
            .GetIPProperties().GetIPv4Properties().Index);

    public async ValueTask DisposeAsync()
    {
        await Speaker.DisposeAsync();
        _captures.ForEach(capture => capture.Dispose());
        Meters.Dispose();
        _namespaces.Dispose();
    }

    private static int Exec(NetworkNamespace inside, string command)
    {
        // ping exits 1 without an answer, which says as much as its summary.
        var text = TestNamespaces.Exec(inside, $"sh -c \"{command} || true\"");
        var words = text[..text.IndexOf(" received", StringComparison.Ordinal)].Split([' ', ',']);
        return int.Parse(words[^1]);
    }

    private NodeInterface Interface(string name, MacAddress mac, int subnet) => new()
    {
        Name = name,
        Index = IndexOf(Node, name),
        MacAddress = mac.ToPhysicalAddress(),
        Up = true,
        Addresses =
        [
            new InterfaceAddress(IPAddress.Parse($"10.{subnet}.0.11"), IPNetwork.Parse($"10.{subnet}.0.0/24")),
            new InterfaceAddress(IPAddress.Parse($"fd00:{subnet}::11"), IPNetwork.Parse($"fd00:{subnet}::/64")),
        ],
    };
}
