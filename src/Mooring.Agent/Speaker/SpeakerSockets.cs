using System.Net.Sockets;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>Opens what the speaker needs of the kernel; replaced by tests that speak in several namespaces.</summary>
/// <param name="Packets">Opens a packet socket.</param>
/// <param name="Groups">Opens an IPv6 socket to join multicast groups with.</param>
internal sealed record SpeakerSockets(PacketSocketFactory Packets, Func<Socket> Groups)
{
    /// <summary>In the agent's own network namespace.</summary>
    public static readonly SpeakerSockets Own = new(
        PacketSocket.Open, () => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp));
}
