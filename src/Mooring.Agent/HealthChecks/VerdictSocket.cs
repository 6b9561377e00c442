using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.HealthChecks;

/// <summary>Opens the UDP socket that verdicts are exchanged over.</summary>
internal static class VerdictSocket
{
    /// <summary>Null, with the problem, when it cannot be opened.</summary>
    public static Socket? Open(IPEndPoint local, out string problem)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (local.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = true;
            }

            // A burst of thousands of verdicts comes at once when a network fails.
            socket.ReceiveBufferSize = 1024 * 1024;
            socket.Bind(local);
            problem = "";
            return socket;
        }
        catch (SocketException exception)
        {
            problem = exception.SocketErrorCode.ToString();
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Every address of the node, of both families where there is IPv6.</summary>
    public static IPEndPoint Everywhere(int port) =>
        new(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port);
}
