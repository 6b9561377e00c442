using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Puts a socket error into words a user knows.</summary>
internal static class SocketFailure
{
    public static string Describe(SocketException exception, IPEndPoint endPoint) => exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => $"connection refused by {endPoint}",
        SocketError.ConnectionReset => $"connection reset by {endPoint}",
        SocketError.HostUnreachable => $"no route to host {endPoint.Address}",
        SocketError.NetworkUnreachable => $"network of {endPoint.Address} is unreachable",
        SocketError.TimedOut => $"connection to {endPoint} timed out",
        SocketError.AccessDenied => $"this node may not connect to {endPoint}: a firewall rule forbids it",
        SocketError.AddressNotAvailable => $"this node has no free port, or no address, to connect to {endPoint} from",
        SocketError.TooManyOpenSockets => "this node's agent has no free file descriptor",
        _ => $"{endPoint}: {exception.SocketErrorCode}",
    };

    /// <summary>The socket error within, if there is one.</summary>
    public static SocketException? Find(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is SocketException socket)
            {
                return socket;
            }
        }

        return null;
    }
}
