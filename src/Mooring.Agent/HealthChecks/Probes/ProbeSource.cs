using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Where checks come from: an address, and ports, that network policies and firewalls can name.</summary>
/// <param name="networks">The node's first address within one of them is it; in their order, empty: the one its routes choose.</param>
/// <param name="ports">Null for any.</param>
/// <param name="addresses">Reads the addresses of the node.</param>
internal sealed partial class ProbeSource(
    IReadOnlyList<IPNetwork> networks,
    SourcePorts? ports,
    Func<IEnumerable<IPAddress>> addresses,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>How soon a change of the node's addresses is noticed.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(10);

    /// <summary>From linux/in.h; for sockets of both families.</summary>
    private const int IpProtoIp = 0;
    private const int IpBindAddressNoPort = 24;

    /// <summary>Since Linux 6.3.</summary>
    private const int IpLocalPortRange = 51;

    private readonly Lock _gate = new();
    private readonly byte[]? _range = ports is null ? null : BitConverter.GetBytes(ports.First | ((uint)ports.Last << 16));
    private (IPAddress? V4, IPAddress? V6) _chosen;
    private long? _read;

    /// <summary>The address that the node's routes choose, and any port.</summary>
    public static ProbeSource Any { get; } =
        new([], null, static () => [], TimeProvider.System, NullLogger.Instance);

    /// <summary>A socket to connect to <paramref name="endPoint"/> with.</summary>
    /// <exception cref="SocketException">The kernel has no socket for us.</exception>
    public Socket Open(IPEndPoint endPoint, SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(endPoint.AddressFamily, type, protocol);
        try
        {
            if (_range is not null)
            {
                socket.SetRawSocketOption(IpProtoIp, IpLocalPortRange, _range);
            }

            if (AddressOf(endPoint.AddressFamily) is { } address)
            {
                // The port is chosen with the connection, so that connections to different endpoints may have the same one.
                socket.SetRawSocketOption(IpProtoIp, IpBindAddressNoPort, BitConverter.GetBytes(1));
                socket.Bind(new IPEndPoint(address, 0));
            }

            return socket;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // The node has lost it just now. The endpoint is not to blame.
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The kernel can keep a socket to a range of ports.</summary>
    public static bool KernelKeepsPorts()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetRawSocketOption(IpProtoIp, IpLocalPortRange, BitConverter.GetBytes(0u));
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ProtocolOption)
        {
            return false;
        }
    }

    private IPAddress? AddressOf(AddressFamily family)
    {
        if (networks.Count == 0)
        {
            return null;
        }

        lock (_gate)
        {
            if (_read is not { } read || timeProvider.GetElapsedTime(read) > MaxAge)
            {
                Choose();
                _read = timeProvider.GetTimestamp();
            }

            return family == AddressFamily.InterNetwork ? _chosen.V4 : _chosen.V6;
        }
    }

    private void Choose()
    {
        IPAddress[] own = [.. addresses()];
        var within = networks.SelectMany(network => own.Where(network.Contains)).ToArray();
        var chosen = (
            within.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork),
            within.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetworkV6));
        if (_read is not null && chosen == _chosen)
        {
            return;
        }

        _chosen = chosen;
        if (within.Length == 0)
        {
            Log.None(logger, string.Join(", ", networks));
        }
        else
        {
            Log.Chosen(logger, string.Join(" and ", new[] { _chosen.V4, _chosen.V6 }.OfType<IPAddress>()));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Health checks come from {Addresses}")]
        public static partial void Chosen(ILogger logger, string addresses);

        [LoggerMessage(LogLevel.Warning, "This node has no address within {Networks}: health checks come from the one its routes choose")]
        public static partial void None(ILogger logger, string networks);
    }
}
