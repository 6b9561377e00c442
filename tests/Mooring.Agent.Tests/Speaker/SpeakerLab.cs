using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
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
/// the other a peer, 10.70.0.1 and 10.71.0.1.
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
        Interfaces = [Interface("eth0", OwnMac, "10.70.0"), Interface("eth1", new(0x0200_0000_010A), "10.71.0")];
        Speaker = Create(Time);
        Speaker.InterfacesChanged(Interfaces);
    }

    public NetworkNamespace Node { get; }

    public NetworkNamespace Peer { get; }

    public ImmutableArray<NodeInterface> Interfaces { get; }

    public ManualTimeProvider Time { get; } = new();

    public SpeakerLabMeters Meters { get; } = new();

    public ArpSpeaker Speaker { get; }

    public long Far => Time.In(TimeSpan.FromDays(1));

    public ArpSpeaker Create(TimeProvider time) => new(
        (endPoint, filter) => Node.Run(() => PacketSocket.Open(endPoint, filter)),
        new SpeakerOptions(),
        new SpeakerMetrics(Meters),
        time,
        NullLogger<ArpSpeaker>.Instance);

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

    private NodeInterface Interface(string name, MacAddress mac, string prefix) => new()
    {
        Name = name,
        Index = IndexOf(Node, name),
        MacAddress = mac.ToPhysicalAddress(),
        Up = true,
        Addresses =
        [
            new InterfaceAddress(IPAddress.Parse($"{prefix}.11"), IPNetwork.Parse($"{prefix}.0/24")),
        ],
    };
}
