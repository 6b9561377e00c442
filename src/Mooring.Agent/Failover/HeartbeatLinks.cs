using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Failover;

/// <summary>
/// The paths heartbeats take: one socket for every address of an interface that is up and shares its subnet with
/// another node or with a virtual address. Used by the failover thread alone, but for what it receives.
/// </summary>
internal sealed partial class HeartbeatLinks(
    FailoverOptions options,
    HeartbeatSocketFactory open,
    Action<byte[], int> received,
    FailoverMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger) : IDisposable
{
    private static readonly TimeSpan RetryOpen = TimeSpan.FromSeconds(1);

    private readonly List<HeartbeatPath> _paths = [];
    private readonly byte[] _packet = new byte[HeartbeatCodec.MaxLength];
    private readonly HashSet<string> _complained = new(StringComparer.Ordinal);
    private Dictionary<string, NodePeer> _peers = new(StringComparer.Ordinal);
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ImmutableArray<NodeInterface> _interfaces = [];
    private ulong _sequence;
    private long? _retryAt;

    public void Update(ClusterSnapshot snapshot, ImmutableArray<NodeInterface> interfaces)
    {
        _snapshot = snapshot;
        _interfaces = interfaces;
        _peers = snapshot.Nodes.Where(node => node.Name != options.NodeName)
            .ToDictionary(node => node.Name, StringComparer.Ordinal);
        Reconcile();
    }

    /// <summary>Tries again what could not be opened, such as an address the kernel had not made ready yet.</summary>
    public void RetryIfDue()
    {
        if (_retryAt is { } at && timeProvider.GetTimestamp() >= at)
        {
            Reconcile();
        }
    }

    /// <summary>
    /// Sends one packet on every announcing path to the peer, each with the claims that belong there; a claim whose own
    /// link is down goes over every path there is.
    /// </summary>
    public void Send(FailoverAction.SendHeartbeat heartbeat, ulong epoch, ulong revision)
    {
        if (_snapshot.HeartbeatKeys.IsEmpty || !_peers.TryGetValue(heartbeat.Peer, out var peer))
        {
            return;
        }

        var message = new Heartbeat
        {
            Sender = options.NodeName,
            Epoch = epoch,
            Revision = revision,
            HearsReceiver = heartbeat.HearsPeer,
            Leaving = heartbeat.Leaving,
        };
        var homeless = heartbeat.Claims.Where(claim => !_paths.Any(path => path.Own.Subnet.Contains(claim.Address))).ToArray();
        foreach (var path in _paths)
        {
            if ((path.Announces || homeless.Length > 0) && AddressOf(peer, path) is { } to)
            {
                AddressClaim[] claims =
                    [.. heartbeat.Claims.Where(claim => path.Own.Subnet.Contains(claim.Address)), .. homeless];
                Send(path, new IPEndPoint(to, options.Port), heartbeat.Peer, message, claims);
            }
        }
    }

    public void Dispose()
    {
        foreach (var path in _paths)
        {
            path.Dispose();
        }

        _paths.Clear();
    }

    private void Send(HeartbeatPath path, IPEndPoint to, string receiver, Heartbeat message, ReadOnlySpan<AddressClaim> claims)
    {
        do
        {
            var packet = new HeartbeatPacket(receiver, ++_sequence, message);
            var length = HeartbeatCodec.Encode(_packet, packet, claims, _snapshot.HeartbeatKeys[0], out var written);
            claims = claims[written..];
            try
            {
                path.Send(_packet.AsSpan(0, length), to);
                metrics.Sent();
            }
            catch (SocketException exception)
            {
                // As good as a lost packet: the next one is due in an interval.
                metrics.SendFailed();
                Log.NotSent(logger, receiver, path.InterfaceName, exception.SocketErrorCode);
            }
        }
        while (!claims.IsEmpty);
    }

    private void Reconcile()
    {
        _retryAt = null;
        var wanted = new Dictionary<(string Interface, IPAddress Own), InterfaceAddress>();
        foreach (var nic in _interfaces.Where(nic => nic.Up))
        {
            foreach (var own in nic.Addresses.Where(own => !own.Address.IsIPv6LinkLocal && !IPAddress.IsLoopback(own.Address)))
            {
                if (Announces(own) || _peers.Values.Any(peer => AddressOf(peer, own) is not null))
                {
                    wanted.TryAdd((nic.Name, own.Address), own);
                }
            }
        }

        for (var i = _paths.Count - 1; i >= 0; i--)
        {
            var path = _paths[i];
            if (!wanted.Remove((path.InterfaceName, path.Own.Address), out var own) || own != path.Own)
            {
                path.Dispose();
                _paths.RemoveAt(i);
            }
            else
            {
                path.Announces = Announces(own);
            }
        }

        foreach (var ((name, _), own) in wanted)
        {
            Open(name, own);
        }
    }

    private void Open(string name, InterfaceAddress own)
    {
        try
        {
            var socket = open(name, new IPEndPoint(own.Address, options.Port));
            _paths.Add(new HeartbeatPath(name, own, socket, received, metrics) { Announces = Announces(own) });
            _complained.Remove(name);
            Log.Opened(logger, name, own.Address, options.Port);
        }
        catch (SocketException exception)
        {
            _retryAt = timeProvider.GetTimestamp() + (long)(RetryOpen.TotalSeconds * timeProvider.TimestampFrequency);
            if (_complained.Add(name))
            {
                Log.NotOpened(logger, name, own.Address, options.Port, exception);
            }
        }
    }

    private bool Announces(InterfaceAddress own)
    {
        foreach (var vip in _snapshot.VirtualIps)
        {
            foreach (var intent in vip.Addresses)
            {
                if (own.Subnet.Contains(intent.Address))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static IPAddress? AddressOf(NodePeer peer, HeartbeatPath path) => AddressOf(peer, path.Own);

    /// <summary>
    /// The peer's address in the subnet of <paramref name="own"/>. Bridges that have the same address on every node
    /// lead nowhere.
    /// </summary>
    private static IPAddress? AddressOf(NodePeer peer, InterfaceAddress own)
    {
        foreach (var nic in peer.Interfaces)
        {
            foreach (var theirs in nic.Addresses)
            {
                if (own.Subnet.Contains(theirs.Address) && !theirs.Address.Equals(own.Address))
                {
                    return theirs.Address;
                }
            }
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Heartbeats on {Interface} at {Address}, port {Port}")]
        public static partial void Opened(ILogger logger, string @interface, IPAddress address, int port);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "No heartbeats on {Interface} at {Address}, port {Port}: the socket cannot be opened; trying again")]
        public static partial void NotOpened(
            ILogger logger, string @interface, IPAddress address, int port, Exception exception);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Heartbeat to {Node} on {Interface} not sent: {Error}")]
        public static partial void NotSent(ILogger logger, string node, string @interface, SocketError error);
    }
}
