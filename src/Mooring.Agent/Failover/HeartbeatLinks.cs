using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Failover;

/// <summary>
/// The paths heartbeats take: one socket for every address of an interface that is up and shares a subnet with another
/// node or with a virtual address. Used by the failover thread alone, but for what it receives.
/// </summary>
internal sealed partial class HeartbeatLinks(
    FailoverOptions options,
    HeartbeatSocketFactory open,
    Func<FailoverInput.Packet, FailoverInput.Packet> received,
    FailoverMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger) : IDisposable
{
    private static readonly TimeSpan RetryOpen = TimeSpan.FromSeconds(1);

    private readonly List<HeartbeatPath> _paths = [];
    private readonly Dictionary<FailoverAction.SendHeartbeat, PreparedHeartbeat> _prepared =
        new(ReferenceEqualityComparer.Instance);
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
    /// Sends one packet on every announcing interface to the peer, each with the claims that belong there; a claim whose own
    /// link is down goes over every interface there is.
    /// </summary>
    public void Send(FailoverAction.SendHeartbeat heartbeat, ulong epoch, ulong revision)
    {
        if (_snapshot.HeartbeatKeys.IsEmpty || !_peers.TryGetValue(heartbeat.Peer, out var peer))
        {
            return;
        }

        if (!_prepared.TryGetValue(heartbeat, out var prepared) || prepared.Message.Revision != revision)
        {
            // What is not said any more goes with the rest: each peer is told one thing, and now and then another.
            if (_prepared.Count > 4 * _peers.Count)
            {
                _prepared.Clear();
            }

            prepared = Prepare(heartbeat, peer, epoch, revision);
            _prepared[heartbeat] = prepared;
        }

        foreach (var (path, to, claims) in prepared.Ways)
        {
            Send(path, to, peer.Name, prepared.Message, claims);
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

    private PreparedHeartbeat Prepare(FailoverAction.SendHeartbeat heartbeat, NodePeer peer, ulong epoch, ulong revision)
    {
        var homeless = heartbeat.Claims.Where(claim => !_paths.Any(path => path.IsHomeOf(claim.Address))).ToArray();
        var ways = new List<(HeartbeatPath, SocketAddress, AddressClaim[])>();
        string? done = null;
        foreach (var path in _paths)
        {
            // The paths of an interface follow each other: the first on which the peer is there stands for them all.
            if (path.InterfaceName != done
                && (path.Announces || homeless.Length > 0)
                && AddressOf(peer, path.Own) is { } to)
            {
                AddressClaim[] claims =
                    [.. heartbeat.Claims.Where(claim => path.IsHomeOf(claim.Address)), .. homeless];
                ways.Add((path, new IPEndPoint(to, options.Port).Serialize(), claims));
                done = path.InterfaceName;
            }
        }

        var message = new Heartbeat
        {
            Sender = options.NodeName,
            Epoch = epoch,
            Revision = revision,
            ReceiverEpoch = heartbeat.PeerEpoch,
            Leaving = heartbeat.Leaving,
        };
        return new PreparedHeartbeat(message, [.. ways]);
    }

    private void Send(
        HeartbeatPath path, SocketAddress to, string receiver, Heartbeat message, ReadOnlySpan<AddressClaim> claims)
    {
        do
        {
            var length = HeartbeatCodec.Encode(
                _packet, receiver, ++_sequence, message, claims, _snapshot.HeartbeatKeys[0], out var written);
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
        _prepared.Clear();
        var wanted = new Dictionary<(string Interface, IPAddress Own), (InterfaceAddress Own, HeartbeatHome Home)>();
        foreach (var nic in _interfaces.Where(nic => nic.Up))
        {
            InterfaceAddress[] usable =
                [.. nic.Addresses.Where(own => !own.Address.IsIPv6LinkLocal && !IPAddress.IsLoopback(own.Address))];
            var home = new HeartbeatHome([.. usable.Select(own => own.Subnet)], usable.Any(Announces));
            foreach (var own in usable)
            {
                if (home.Announces || _peers.Values.Any(peer => AddressOf(peer, own) is not null))
                {
                    wanted.TryAdd((nic.Name, own.Address), (own, home));
                }
            }
        }

        for (var i = _paths.Count - 1; i >= 0; i--)
        {
            var path = _paths[i];
            if (!wanted.TryGetValue((path.InterfaceName, path.Own.Address), out var want) || want.Own != path.Own)
            {
                path.Dispose();
                _paths.RemoveAt(i);
            }
            else
            {
                path.Home = want.Home;
                wanted.Remove((path.InterfaceName, path.Own.Address));
            }
        }

        foreach (var ((name, _), (own, home)) in wanted)
        {
            Open(name, own, home);
        }

        _paths.Sort(InOrder);
    }

    /// <summary>By interface, IPv4 first: the order in which paths are tried.</summary>
    private static int InOrder(HeartbeatPath left, HeartbeatPath right)
    {
        var byName = string.CompareOrdinal(left.InterfaceName, right.InterfaceName);
        return byName != 0 ? byName : left.Own.Address.AddressFamily.CompareTo(right.Own.Address.AddressFamily);
    }

    private void Open(string name, InterfaceAddress own, HeartbeatHome home)
    {
        try
        {
            var socket = open(name, new IPEndPoint(own.Address, options.Port));
            _paths.Add(new HeartbeatPath(name, own, socket, received, metrics) { Home = home });
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
