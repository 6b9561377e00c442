using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Agent.Failover;

/// <summary>Opens the UDP socket of one announcing interface.</summary>
internal static class HeartbeatSocket
{
    private const int SolSocket = 1; // asm-generic/socket.h
    private const int SoBindToDevice = 25;
    private const int SoPriority = 12;
    private const int IpProtoIPv6 = 41;
    private const int IPv6TrafficClass = 67; // IPV6_TCLASS, linux/in6.h

    /// <summary>Network control, DSCP CS6 (RFC 4594): what VRRP and routing protocols travel as.</summary>
    private const int ClassSelector6 = 0xc0;

    /// <summary>The largest band that needs no privilege; pfifo_fast sends it before bulk traffic.</summary>
    private const int InteractivePriority = 6;

    /// <exception cref="SocketException">The address is not there (yet), the port is taken, or no right to do it.</exception>
    public static Socket Open(string interfaceName, IPEndPoint local)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            // Packets for this address that come in elsewhere say nothing about this link.
            socket.SetRawSocketOption(SolSocket, SoBindToDevice, Encoding.ASCII.GetBytes(interfaceName + "\0"));
            socket.SetRawSocketOption(SolSocket, SoPriority, BitConverter.GetBytes(InteractivePriority));
            if (local.AddressFamily == AddressFamily.InterNetwork)
            {
                socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, ClassSelector6);
            }
            else
            {
                socket.SetRawSocketOption(IpProtoIPv6, IPv6TrafficClass, BitConverter.GetBytes(ClassSelector6));
            }

            socket.Bind(local);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
