using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.HealthChecks;

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
        _ => $"{endPoint}: {exception.SocketErrorCode}",
    };
}
