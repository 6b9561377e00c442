using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Who may put packets into the tunnels, and which.</summary>
public sealed partial class DirectForwardingTests
{
    private const ushort Asking = 20_100;

    [Fact]
    public async Task Tunnel_PacketsOfOthersThanNodes_AreNotTaken()
    {
        await PoolAsync(1);
        await HoldAsync(1);
        using var answers = _lab.Open("client", DirectLab.Vip, SocketType.Dgram, Asking);

        Inject("client", DirectLab.Vip, Asking + 1);
        Inject("n2", "10.71.1.2", Asking + 2);
        await Eventually.HoldsAsync(
            () =>
            {
                Inject("n2", DirectLab.Vip, Asking);
                return answers.Available > 0;
            },
            "a packet of a node is taken");
        (await DirectLab.ReadAsync(answers)).ShouldBe("p1", "the last one is of a node and for a VIP");
        var tracked = new List<int>();
        _lab.Node(1).Run(() =>
        {
            using var conntrack = new ConntrackTable();
            conntrack.Read(flow => tracked.Add(flow.OriginalSource.Port));
        });
        tracked.ShouldContain(Asking);
        tracked.ShouldNotContain(Asking + 1, "of a host that is no node");
        tracked.ShouldNotContain(Asking + 2, "for another address than a VIP");
    }

    /// <summary>Sends a datagram of the client inside a VXLAN packet to node-1.</summary>
    private void Inject(string from, string to, int sourcePort)
    {
        const int Headers = 8 + 14 + 20 + 8; // VXLAN, Ethernet, IPv4, UDP
        var bytes = new byte[Headers + 1];
        bytes[0] = 8; // the identifier is valid
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), 7946 << 8);
        var device = _lab.Run("n1", "ip", "-br link show mooring0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        PhysicalAddress.Parse(device).GetAddressBytes().CopyTo(bytes, 8);
        bytes[14] = 2; // a source that is locally administered
        bytes[20] = 8; // IPv4
        var ip = bytes.AsSpan(22);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], 29);
        (ip[8], ip[9]) = (64, (byte)ProtocolType.Udp);
        IPAddress.Parse("10.70.0.200").TryWriteBytes(ip[12..], out _);
        IPAddress.Parse(to).TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], InternetChecksum.Of(ip[..20]));
        BinaryPrimitives.WriteUInt16BigEndian(ip[20..], (ushort)sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(ip[22..], (ushort)(to == DirectLab.Vip ? 53 : PodServer.Port));
        BinaryPrimitives.WriteUInt16BigEndian(ip[24..], 9);
        using var socket = _lab.Open(from, "10.70.0.11", SocketType.Dgram);
        socket.SendTo(bytes, new IPEndPoint(IPAddress.Parse("10.70.0.11"), 7949));
    }
}
