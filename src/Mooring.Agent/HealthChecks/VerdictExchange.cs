using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Tells the other agents what the checks of this node found, and hears what theirs did, with or without the controller: a
/// change at once and twice more in case a packet is lost, a digest every second, and everything when a digest differs.
/// </summary>
internal sealed partial class VerdictExchange(
    string nodeName,
    IPEndPoint local,
    HealthCheckService checks,
    TimeProvider timeProvider,
    ILogger<VerdictExchange> logger) : BackgroundService
{
    private static readonly TimeSpan[] Repeats = [TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(75)];
    private static readonly TimeSpan MinBetweenWholes = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly PeerVerdicts _peers = new();
    private readonly OwnVerdicts _own = new();
    private readonly PriorityQueue<ImmutableArray<VerdictRecord>, TimeSpan> _repeats = new();
    private readonly Dictionary<string, TimeSpan> _wholesSent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asking = new(StringComparer.Ordinal);
    private readonly HashSet<string> _answering = new(StringComparer.Ordinal);
    private readonly byte[] _packet = new byte[VerdictCodec.MaxLength];
    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly ulong _epoch = (ulong)timeProvider.GetUtcNow().ToUnixTimeMilliseconds();
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ImmutableHashSet<IPAddress> _held = [];
    private FrozenSet<string> _heldSets = FrozenSet<string>.Empty;
    private FrozenDictionary<string, IPEndPoint> _addresses = FrozenDictionary<string, IPEndPoint>.Empty;
    private FrozenSet<string> _names = FrozenSet<string>.Empty;
    private readonly Dictionary<ulong, (string SetId, IPEndPoint Backend)> _endpoints = [];

    private ulong _sequence;
    private ulong _wholeFrom;
    private bool _digestDue;

    /// <summary>Raised with the backend sets of which what the others say may have changed, null for any; handlers must be quick.</summary>
    public event Action<IEnumerable<string>?>? Changed;

    private TimeSpan Now => timeProvider.GetElapsedTime(0, timeProvider.GetTimestamp());

    /// <summary>This node's verdict where it checks the endpoint, else that of the others; null for none.</summary>
    public bool? IsHealthy(string backendSetId, IPEndPoint backend)
    {
        if (checks.IsHealthy(backendSetId, backend) is { } own)
        {
            return own;
        }

        lock (_gate)
        {
            return _peers.IsHealthy(EndpointNumber.Of(backendSetId, backend), Now);
        }
    }

    public void ApplySnapshot(ClusterSnapshot snapshot)
    {
        lock (_gate)
        {
            var before = _snapshot;
            _snapshot = snapshot;
            if (before.Nodes != snapshot.Nodes)
            {
                _addresses = PeerAddresses.Of(snapshot, nodeName, local.Port);
                _names = snapshot.Nodes.Select(node => node.Name).ToFrozenSet(StringComparer.Ordinal);
            }

            var changes = BackendSetChanges.Between(before.BackendSets, snapshot.BackendSets);
            var any = _endpoints.Count > 0;
            foreach (var (number, _) in Checked(changes.Before))
            {
                _endpoints.Remove(number);
            }

            foreach (var (number, endpoint) in Checked(changes.Now))
            {
                _endpoints[number] = endpoint;
            }

            if (before.VirtualIps != snapshot.VirtualIps || any != _endpoints.Count > 0)
            {
                _heldSets = HeldSets();
            }
        }

        _wake.Writer.TryWrite(0);
    }

    /// <summary>The addresses this node answers for.</summary>
    public void HoldersChanged(ImmutableHashSet<IPAddress> held)
    {
        lock (_gate)
        {
            _held = held;
            _heldSets = HeldSets();
        }

        _wake.Writer.TryWrite(0);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var socket = VerdictSocket.Open(local, out var problem);
        if (socket is null)
        {
            Log.NotOpened(logger, local, problem);
            return;
        }

        checks.Changed += Found;
        var receiving = ReceiveAsync(socket, stoppingToken);
        await using var digests = timeProvider.CreateTimer(
            _ => Tick(), null, PeerVerdicts.DigestInterval, PeerVerdicts.DigestInterval);
        await using var repeats = timeProvider.CreateTimer(
            _ => _wake.Writer.TryWrite(0), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                _wake.Reader.TryRead(out _);
                if (Send(socket) is { } next)
                {
                    repeats.Change(next, Timeout.InfiniteTimeSpan);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The others hear the digests end.
        }
        finally
        {
            checks.Changed -= Found;
            await receiving.ConfigureAwait(false);
        }
    }

    private void Found(HealthChange change)
    {
        lock (_gate)
        {
            _own.Set(ToRecord(change));
        }

        _wake.Writer.TryWrite(0);
    }

    private VerdictRecord ToRecord(HealthChange change) => new(
        EndpointNumber.Of(change.BackendSetId, change.Backend), change.Verdict.Healthy, _heldSets.Contains(change.BackendSetId));

    private void Tick()
    {
        bool changed;
        lock (_gate)
        {
            _digestDue = true;
            changed = _peers.Expire(_names, Now);
        }

        _wake.Writer.TryWrite(0);
        if (changed)
        {
            Changed?.Invoke(null);
        }
    }

    /// <returns>When something is to be told again, from now; null for never.</returns>
    private TimeSpan? Send(Socket socket)
    {
        lock (_gate)
        {
            var now = Now;
            _own.SetAll([.. checks.Verdicts().Select(ToRecord)]);
            var untold = _own.TakeUntold();
            SendToAll(socket, untold);
            if (!untold.IsEmpty)
            {
                foreach (var delay in Repeats)
                {
                    _repeats.Enqueue(untold, now + delay);
                }
            }

            while (_repeats.TryPeek(out var told, out var due) && due <= now)
            {
                _repeats.Dequeue();
                SendToAll(socket, _own.Now(told));
            }

            foreach (var peer in _answering)
            {
                SendWhole(socket, peer, now);
            }

            _answering.Clear();
            if (_digestDue || _asking.Count > 0)
            {
                SendDigests(socket, _digestDue && _own.Count > 0);
                _digestDue = false;
            }

            return _repeats.TryPeek(out _, out var next) ? next > now ? next - now : TimeSpan.Zero : null;
        }
    }

    private void SendToAll(Socket socket, ImmutableArray<VerdictRecord> records)
    {
        foreach (var part in records.Chunk(VerdictCodec.MaxRecords))
        {
            foreach (var (peer, address) in _addresses)
            {
                Send(socket, peer, address, [.. part]);
            }
        }
    }

    private void SendWhole(Socket socket, string peer, TimeSpan now)
    {
        if (!_addresses.TryGetValue(peer, out var address)
            || (_wholesSent.TryGetValue(peer, out var before) && now - before < MinBetweenWholes))
        {
            return;
        }

        _wholesSent[peer] = now;
        _wholeFrom = _sequence + 1;
        foreach (var part in _own.All.Chunk(VerdictCodec.MaxRecords))
        {
            Send(socket, peer, address, [.. part]);
        }

        Send(socket, peer, address, []);

        // The mark is of the packets of this peer: the others were told nothing again.
        _wholeFrom = 0;
    }

    private void SendDigests(Socket socket, bool all)
    {
        foreach (var (peer, address) in _addresses)
        {
            if (all || _asking.Contains(peer))
            {
                Send(socket, peer, address, [], _asking.Remove(peer));
            }
        }

        _asking.Clear();
    }

    private void Send(
        Socket socket, string peer, IPEndPoint address, ImmutableArray<VerdictRecord> records, bool asksForAll = false)
    {
        if (_snapshot.HeartbeatKeys.IsEmpty)
        {
            return;
        }

        var packet = new VerdictPacket
        {
            Sender = nodeName,
            Receiver = peer,
            Epoch = _epoch,
            Sequence = ++_sequence,
            Digest = _own.Digest,
            WholeFrom = _wholeFrom,
            AsksForAll = asksForAll,
            Records = records,
        };
        var length = VerdictCodec.Encode(_packet, packet, _snapshot.HeartbeatKeys[0]);
        try
        {
            socket.SendTo(_packet.AsSpan(0, length), SocketFlags.None, address);
        }
        catch (SocketException exception)
        {
            // As good as a lost packet: the digest tells.
            Log.NotSent(logger, peer, address, exception.SocketErrorCode);
        }
    }

    private async Task ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        // One byte more than the longest: what is longer is not cut to look right.
        var buffer = GC.AllocateArray<byte>(VerdictCodec.MaxLength + 1, pinned: true);
        var from = new SocketAddress(socket.AddressFamily);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var length = await socket.ReceiveFromAsync(buffer, SocketFlags.None, from, cancellationToken)
                    .ConfigureAwait(false);
                Receive(buffer.AsSpan(0, length));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException)
            {
                // Of a packet sent before: a peer's port that is closed. The next one may come through.
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        PeerVerdictChange change;
        HashSet<string>? sets;
        var suspects = new List<(string SetId, IPEndPoint Backend)>();
        var reply = false;
        lock (_gate)
        {
            if (VerdictCodec.Decode(bytes, _snapshot.HeartbeatKeys) is not { } packet
                || packet.Receiver != nodeName || packet.Sender == nodeName || !_names.Contains(packet.Sender))
            {
                return;
            }

            change = _peers.Receive(packet, Now);
            reply = (change.Incomplete && _asking.Add(packet.Sender)) | (packet.AsksForAll && _answering.Add(packet.Sender));
            sets = change.Endpoints?.Where(_endpoints.ContainsKey).Select(endpoint => _endpoints[endpoint].SetId).ToHashSet(StringComparer.Ordinal);
            foreach (var endpoint in change.Failed)
            {
                if (_endpoints.TryGetValue(endpoint, out var known))
                {
                    suspects.Add(known);
                }
            }
        }

        foreach (var (setId, backend) in suspects)
        {
            checks.Suspect(setId, backend);
        }

        if (reply)
        {
            _wake.Writer.TryWrite(0);
        }

        if (change.Changed)
        {
            Changed?.Invoke(sets);
        }
    }

    private static IEnumerable<(ulong Number, (string SetId, IPEndPoint Backend) Endpoint)> Checked(IEnumerable<BackendSet> sets) =>
        sets.Where(set => set.HealthCheck is not null)
            .SelectMany(set => set.Backends, (set, backend) => (EndpointNumber.Of(set.Id, backend.EndPoint), (set.Id, backend.EndPoint)));

    /// <summary>Without checks there is nothing to tell of them.</summary>
    private FrozenSet<string> HeldSets() => _endpoints.Count == 0 ? [] : _snapshot.VirtualIps
        .Where(vip => vip.Addresses.Any(address => _held.Contains(address.Address)))
        .SelectMany(vip => vip.Ports.Select(port => port.BackendSetId))
        .ToFrozenSet(StringComparer.Ordinal);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message =
            "Verdicts are not exchanged with the other agents: {Local} cannot be opened: {Problem}. The controller still passes them on")]
        public static partial void NotOpened(ILogger logger, IPEndPoint local, string problem);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Verdicts to {Node} at {Address} not sent: {Error}")]
        public static partial void NotSent(ILogger logger, string node, IPEndPoint address, SocketError error);
    }
}
