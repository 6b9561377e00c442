using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;

namespace Mooring.Agent.Speaker;

/// <summary>Speaks ARP and answers ICMP echo for IPv4 addresses.</summary>
internal sealed partial class ArpSpeaker(
    PacketSocketFactory open, SpeakerOptions options, SpeakerMetrics metrics, TimeProvider time, ILogger<ArpSpeaker> logger)
    : ISpeaker
{
    /// <summary>Claims a slow reader may be behind; the oldest are dropped, as a claim is repeated while it stands.</summary>
    private const int ClaimBacklog = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, SpeakerLink> _links = [];
    private readonly Channel<ObservedClaim> _claims = Channel.CreateBounded<ObservedClaim>(
        new BoundedChannelOptions(ClaimBacklog) { FullMode = BoundedChannelFullMode.DropOldest });

    // Read by the receiving threads without the lock; replaced whole under it.
    private volatile ImmutableDictionary<IPv4Address, HeldAddress> _held = ImmutableDictionary<IPv4Address, HeldAddress>.Empty;
    private volatile ImmutableHashSet<IPv4Address> _watched = [];
    private volatile ImmutableHashSet<MacAddress> _ownMacs = [];
    private ImmutableArray<NodeInterface> _interfaces = [];
    private bool _disposed;

    public ChannelReader<ObservedClaim> Claims => _claims.Reader;

    /// <summary>Takes the node's interfaces as they are now; opens and closes sockets to match.</summary>
    public void InterfacesChanged(ImmutableArray<NodeInterface> interfaces)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _interfaces = interfaces;
            _ownMacs = [.. interfaces.Select(one => MacAddress.From(one.MacAddress))];
            foreach (var (index, link) in _links.ToArray())
            {
                var now = interfaces.FirstOrDefault(one => one.Index == index);
                if (now is not null && MacAddress.From(now.MacAddress) == link.Mac)
                {
                    link.Interface = now;
                }
                else
                {
                    Drop(link);
                }
            }

            foreach (var held in _held.Values)
            {
                held.Link ??= LinkOf(held.Address);
            }

            OpenWatching();
            SetFilters();
        }
    }

    public long Hold(IPAddress address, long deadline)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            throw new InvalidOperationException($"{address} cannot be announced: only IPv4 addresses are");
        }

        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var key = IPv4Address.From(address);
            var link = LinkOf(key) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: no interface that is up has a subnet with it");
            if (!_held.TryGetValue(key, out var held))
            {
                held = new HeldAddress(key, deadline);
                _held = _held.Add(key, held);
            }

            held.Link = link;
            held.ExtendDeadline(deadline);
            held.Timer?.Dispose();
            held.Announced = 1;
            SetFilters();
            Announce(held);
            var announced = time.GetTimestamp();
            held.Timer = time.CreateTimer(
                static state => ((Action)state!)(), () => Continue(held), Pause(held.Announced), Timeout.InfiniteTimeSpan);
            return announced;
        }
    }

    public void ExtendDeadline(IPAddress address, long deadline)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork
            && _held.TryGetValue(IPv4Address.From(address), out var held))
        {
            held.ExtendDeadline(deadline);
        }
    }

    public void Release(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            return;
        }

        lock (_gate)
        {
            var key = IPv4Address.From(address);
            if (_held.TryGetValue(key, out var held))
            {
                // Silent from here on, also for a thread that is about to answer.
                held.ExtendDeadline(long.MinValue);
                held.Timer?.Dispose();
                _held = _held.Remove(key);
                SetFilters();
            }
        }
    }

    public void Watch(IReadOnlyCollection<IPAddress> addresses)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _watched =
            [
                .. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(IPv4Address.From),
            ];
            OpenWatching();
            SetFilters();
        }
    }

    public ValueTask DisposeAsync()
    {
        SpeakerLink[] links;
        lock (_gate)
        {
            _disposed = true;
            foreach (var held in _held.Values)
            {
                held.ExtendDeadline(long.MinValue);
                held.Timer?.Dispose();
            }

            _held = _held.Clear();
            links = [.. _links.Values];
            _links.Clear();
        }

        // Outside the lock: the receiving threads may want it before they end.
        foreach (var link in links)
        {
            link.Dispose();
        }

        _claims.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    private void ArpReceived(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> reply)
    {
        if (!ArpPacket.TryReadFrame(frame, out var packet))
        {
            metrics.Malformed();
            return;
        }

        var now = time.GetTimestamp();
        if (_watched.Contains(packet.SenderAddress) && !_ownMacs.Contains(packet.SenderMac))
        {
            metrics.ClaimSeen();
            _claims.Writer.TryWrite(new ObservedClaim(
                packet.SenderAddress.ToIPAddress(), packet.SenderMac.ToPhysicalAddress(), link.Interface.Name, now));
        }

        // An announcement asks nothing. A probe, which asks from 0.0.0.0, is answered: that defends the address
        // (RFC 5227 section 2.1.1).
        if (packet.Operation == ArpOperation.Request
            && !packet.IsAnnouncement
            && _held.TryGetValue(packet.TargetAddress, out var held)
            && held.Link == link)
        {
            packet.ReplyFrom(link.Mac).WriteFrame(reply, packet.SenderMac);
            if (Send(link, held, reply[..ArpPacket.FrameLength]))
            {
                metrics.ArpAnswered();
            }
        }
    }

    private void EchoReceived(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> reply)
    {
        switch (IcmpEcho.Inspect(frame, out _, out var destination))
        {
            case EchoVerdict.Malformed:
                metrics.Malformed();
                break;
            case EchoVerdict.Request when _held.TryGetValue(destination, out var held):
                var length = IcmpEcho.WriteReply(frame, link.Mac, reply);
                if (Send(link, held, reply[..length]))
                {
                    metrics.EchoAnswered();
                }

                break;
            default:
                break;
        }
    }

    /// <summary>The last look at the deadline, right before the frame leaves: whatever was late is not sent.</summary>
    private bool Send(SpeakerLink link, HeldAddress held, ReadOnlySpan<byte> frame)
    {
        if (!held.IsLive(time.GetTimestamp()))
        {
            return false;
        }

        if (link.Send(frame) == SocketError.Success)
        {
            return true;
        }

        metrics.NotSent();
        return false;
    }

    /// <summary>
    /// A pair of gratuitous ARPs, as request and as reply: some stacks update their cache from only one of the forms.
    /// </summary>
    private void Announce(HeldAddress held)
    {
        if (held.Link is not { } link)
        {
            return;
        }

        Span<byte> frame = stackalloc byte[ArpPacket.FrameLength];
        foreach (var packet in (ReadOnlySpan<ArpPacket>)
            [ArpPacket.AnnouncementRequest(link.Mac, held.Address), ArpPacket.AnnouncementReply(link.Mac, held.Address)])
        {
            packet.WriteFrame(frame, MacAddress.Broadcast);
            if (Send(link, held, frame))
            {
                metrics.Announced();
            }
        }
    }

    private void Continue(HeldAddress held)
    {
        lock (_gate)
        {
            if (_disposed || !_held.TryGetValue(held.Address, out var current) || current != held)
            {
                return;
            }

            Announce(held);
            held.Announced++;
            held.Timer?.Change(Pause(held.Announced), Timeout.InfiniteTimeSpan);
        }
    }

    private TimeSpan Pause(int announced) => announced <= options.Burst.Count
        ? options.Burst[announced - 1]
        : options.Refresh * (1 + (options.RefreshJitter * ((2 * Random.Shared.NextDouble()) - 1)));

    private SpeakerLink? LinkOf(IPv4Address address)
    {
        var ip = address.ToIPAddress();
        var on = _interfaces.FirstOrDefault(one => one.Up && one.OnLink(ip) is not null);
        return on is null ? null : LinkOn(on);
    }

    private SpeakerLink? LinkOn(NodeInterface on)
    {
        if (_links.TryGetValue(on.Index, out var link))
        {
            return link;
        }

        try
        {
            return _links[on.Index] = SpeakerLink.Open(on, open, ArpReceived, EchoReceived, Faulted);
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.NotOpened(logger, on.Name, exception);
            return null;
        }
    }

    /// <summary>Claims are watched for on every interface that has a watched address's subnet.</summary>
    private void OpenWatching()
    {
        foreach (var on in _interfaces)
        {
            if (on.Up && _watched.Any(address => on.OnLink(address.ToIPAddress()) is not null))
            {
                LinkOn(on);
            }
        }
    }

    private void SetFilters()
    {
        uint[] held = [.. _held.Keys.Select(address => address.Value)];
        uint[] watched = [.. _watched.Union(_held.Keys).Select(address => address.Value)];
        foreach (var link in _links.Values)
        {
            link.SetFilters(watched, held);
        }
    }

    /// <summary>On a receiving thread that is about to end.</summary>
    private void Faulted(SpeakerLink link, Exception exception)
    {
        lock (_gate)
        {
            if (!_disposed && _links.GetValueOrDefault(link.Interface.Index) == link)
            {
                Log.Faulted(logger, link.Interface.Name, exception);
                Drop(link);
                foreach (var held in _held.Values)
                {
                    held.Link ??= LinkOf(held.Address);
                }

                OpenWatching();
                SetFilters();
            }
        }
    }

    private void Drop(SpeakerLink link)
    {
        _links.Remove(link.Interface.Index);
        foreach (var held in _held.Values)
        {
            if (held.Link == link)
            {
                held.Link = null;
            }
        }

        // Its threads may be waiting for the lock; their end is not waited for under it.
        _ = Task.Run(link.Dispose);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Packet sockets on {Interface} could not be opened")]
        public static partial void NotOpened(ILogger logger, string @interface, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Packet sockets on {Interface} failed and are opened anew")]
        public static partial void Faulted(ILogger logger, string @interface, Exception exception);
    }
}
