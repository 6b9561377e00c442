using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>Two hosts on one wire, in network namespaces; what reaches the peer is captured.</summary>
public sealed class SpeakerLab : IDisposable
{
    private const string Prefix = "mr-spk-";

    private readonly NetworkNamespace _speaker;
    private readonly NetworkNamespace _peer;

    public SpeakerLab()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces and packet sockets");
        RemoveAll();
        _speaker = NetworkNamespace.Create(Prefix + "speaker");
        _peer = NetworkNamespace.Create(Prefix + "peer");
        Ip($"-n {Prefix}speaker link add eth0 type veth peer name eth0 netns {Prefix}peer");
        Ip($"-n {Prefix}speaker addr add 10.70.0.11/24 dev eth0");
        Ip($"-n {Prefix}peer addr add 10.70.0.200/24 dev eth0");
        Ip($"-n {Prefix}speaker link set eth0 up");
        Ip($"-n {Prefix}peer link set eth0 up");
        Capture = new FrameCapture(_peer);
    }

    internal FrameCapture Capture { get; }

    public string SpeakerMac => OnSpeaker("cat", "/sys/class/net/eth0/address").Trim();

    public NodeInterface SpeakerInterface() => Describe(_speaker, "10.70.0.11");

    internal PacketSocket OpenOnSpeaker(LinkLayerEndPoint endPoint, System.Collections.Immutable.ImmutableArray<FilterInstruction> filter) =>
        _speaker.Run(() => PacketSocket.Open(endPoint, filter));

    public string OnSpeaker(string program, string arguments) => Output(Prefix + "speaker", program, arguments);

    public string OnPeer(string program, string arguments) => Output(Prefix + "peer", program, arguments);

    /// <summary>Sends a raw frame from the peer.</summary>
    public void Inject(ReadOnlySpan<byte> frame) => Capture.Send(frame);

    public void Dispose()
    {
        Capture.Dispose();
        _speaker.Dispose();
        _peer.Dispose();
        RemoveAll();
    }

    private static NodeInterface Describe(NetworkNamespace of, string address)
    {
        var (index, mac) = ReadLink(of.Name);
        return new NodeInterface
        {
            Name = "eth0",
            Index = index,
            MacAddress = PhysicalAddress.Parse(mac),
            Up = true,
            Addresses = [new InterfaceAddress(IPAddress.Parse(address), IPNetwork.Parse("10.70.0.0/24"))],
        };
    }

    private static (int Index, string Address) ReadLink(string name)
    {
        // "2: eth0@if2: <...> ... link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff ..."
        var text = Output(name, "ip", "-o link show eth0");
        var at = text.IndexOf("link/ether ", StringComparison.Ordinal) + "link/ether ".Length;
        return (int.Parse(text[..text.IndexOf(':')]), text.Substring(at, 17));
    }

    private static string Output(string name, string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", $"netns exec {name} {program} {arguments}")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private static void Ip(string arguments)
    {
        using var process = Process.Start("ip", arguments);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, arguments);
    }

    private static void RemoveAll()
    {
        foreach (var name in NetworkNamespace.List(Prefix))
        {
            NetworkNamespace.Delete(name);
        }
    }

    /// <summary>Every ARP frame that reaches the peer.</summary>
    internal sealed class FrameCapture : IDisposable
    {
        private readonly PacketSocket _socket;
        private readonly Thread _thread;
        private readonly ConcurrentQueue<byte[]> _frames = new();

        public FrameCapture(NetworkNamespace peer)
        {
            var index = ReadLink(peer.Name).Index;
            _socket = peer.Run(() => PacketSocket.Open(new LinkLayerEndPoint((ushort)EtherType.Arp, index)));
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public IReadOnlyList<ArpPacket> Packets()
        {
            var packets = new List<ArpPacket>();
            foreach (var frame in _frames)
            {
                if (ArpPacket.TryReadFrame(frame, out var packet))
                {
                    packets.Add(packet);
                }
            }

            return packets;
        }

        public IReadOnlyList<byte[]> Frames() => [.. _frames];

        public void Clear() => _frames.Clear();

        public void Send(ReadOnlySpan<byte> frame) => _socket.Send(frame).ShouldBe(System.Net.Sockets.SocketError.Success);

        public void Dispose()
        {
            _socket.Close();
            _thread.Join();
            _socket.Dispose();
        }

        private void Run()
        {
            var buffer = new byte[2048];
            while (_socket.Receive(buffer, out var length) is var status && status != ReceiveStatus.Closed)
            {
                _frames.Enqueue(buffer[..length]);
            }
        }
    }

    internal sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
            // Nothing is kept.
        }
    }
}
