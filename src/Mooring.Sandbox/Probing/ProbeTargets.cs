using System.Net;
using System.Net.Sockets;

namespace Mooring.Sandbox.Probing;

/// <summary>Chooses how to ask by the scheme of a URL.</summary>
internal static class ProbeTargets
{
    private const int DefaultHttpPort = 80;

    /// <param name="createSocket">Makes the sockets, in whichever network namespace the client is.</param>
    /// <exception cref="ArgumentException">The URL has another scheme, or its host is no IP address.</exception>
    public static IProbeTarget Create(Uri url, Func<AddressFamily, SocketType, ProtocolType, Socket> createSocket)
    {
        if (!IPAddress.TryParse(url.Host.Trim('[', ']'), out var address))
        {
            throw new ArgumentException($"'{url}': the host must be an IP address", nameof(url));
        }

        var endPoint = new IPEndPoint(address, url.Port > 0 ? url.Port : DefaultHttpPort);
        Func<Socket> stream = () => createSocket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        Func<Socket> datagram = () => createSocket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        return url.Scheme switch
        {
            "http" => new HttpTarget(endPoint, url.PathAndQuery, stream),
            "tcp" => new TcpTarget(endPoint, stream),
            "udp" => new UdpTarget(endPoint, datagram),
            _ => throw new ArgumentException($"'{url}': use http://, tcp:// or udp://", nameof(url)),
        };
    }
}
