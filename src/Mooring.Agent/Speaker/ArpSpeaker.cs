using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Speaker;

/// <summary>
/// Speaks ARP and answers ICMP echo for IPv4 addresses. State changes under one lock; the receiving threads read immutable
/// snapshots of it and never wait for that lock.
/// </summary>
internal sealed partial class ArpSpeaker : ISpeaker
{
    /// <summary>Claims a slow reader may be behind; the oldest are dropped, as a claim is repeated while it stands.</summary>
    private const int ClaimBacklog = 256;

    private readonly SpeakerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ArpSpeaker> _logger;
    private readonly ArpFrames _frames;
    private readonly SpeakerLinks _links;
    private readonly Lock _gate = new();
    private readonly Channel<ObservedClaim> _claims = Channel.CreateBounded<ObservedClaim>(
        new BoundedChannelOptions(ClaimBacklog) { FullMode = BoundedChannelFullMode.DropOldest });

    private bool _disposed;

    public ArpSpeaker(
        PacketSocketFactory open,
        SpeakerOptions options,
        SpeakerMetrics metrics,
        TimeProvider time,
        ILogger<ArpSpeaker> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _frames = new ArpFrames(_claims.Writer, metrics, time, OnFault);
        _links = new SpeakerLinks(open, _frames, Retry, time, logger);
    }

    public ChannelReader<ObservedClaim> Claims => _claims.Reader;

    /// <summary>Takes the node's interfaces as they are now; opens and closes sockets and moves addresses to match.</summary>
    public void InterfacesChanged(ImmutableArray<NodeInterface> interfaces)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            foreach (var stale in _links.Update(interfaces))
            {
                Drop(stale);
            }

            _frames.OwnMacs = [.. interfaces.Select(one => MacAddress.From(one.MacAddress))];
            Reconcile();
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
            var on = _links.InterfaceOf(key) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: no interface that is up has a subnet with it");
            var link = _links.On(on) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: packet sockets on {on.Name} could not be opened");

            // A standby has watched the address, so the filter passes it already. Echo comes after the announcement,
            // which must not wait.
            if (!link.HearsArp(key))
            {
                var asked = AskedOn(link);
                asked.Add(key);
                if (!_links.Try(on, () => link.ListenForArp(asked)))
                {
                    throw new InvalidOperationException($"{address} cannot be announced: the filter on {on.Name} failed");
                }
            }

            if (!_frames.Held.TryGetValue(key, out var held))
            {
                held = new HeldAddress(key, deadline, _frames.Announce, _options, _time);
                _frames.Held = _frames.Held.Add(key, held);
            }

            var announced = held.Announce(link, deadline);
            ListenForEcho(link);
            Log.Held(_logger, address, on.Name);
            return announced;
        }
    }

    public void ExtendDeadline(IPAddress address, long deadline)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork
            && _frames.Held.TryGetValue(IPv4Address.From(address), out var held))
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
            if (_frames.Held.TryGetValue(key, out var held))
            {
                var link = held.Link;
                held.Dispose();
                _frames.Held = _frames.Held.Remove(key);
                if (link is not null)
                {
                    ListenForEcho(link);
                }

                Log.Released(_logger, address);
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

            ImmutableHashSet<IPv4Address> watched =
            [
                .. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork).Select(IPv4Address.From),
            ];
            if (!watched.SetEquals(_frames.Watched))
            {
                _frames.Watched = watched;
                Reconcile();
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return ValueTask.CompletedTask;
            }

            _disposed = true;
            foreach (var held in _frames.Held.Values)
            {
                held.Dispose();
            }

            _frames.Held = _frames.Held.Clear();
            _links.Dispose();
        }

        _claims.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Brings sockets, filters and the places of held addresses to what interfaces and addresses ask for. Questions are
    /// heard before the announcement that provokes them.
    /// </summary>
    private void Reconcile()
    {
        foreach (var address in _frames.Watched.Union(_frames.Held.Keys))
        {
            if (_links.InterfaceOf(address) is { } on)
            {
                _links.On(on);
            }
        }

        foreach (var link in _links.Open)
        {
            var asked = AskedOn(link);
            if (asked.Count == 0)
            {
                Drop(link);
            }
            else
            {
                _links.Try(link.Interface, () => link.ListenForArp(asked));
            }
        }

        foreach (var held in _frames.Held.Values)
        {
            var on = _links.InterfaceOf(held.Address);
            held.MoveTo(on is null ? null : _links.On(on));
        }

        foreach (var link in _links.Open)
        {
            ListenForEcho(link);
        }
    }

    /// <summary>Held and watched addresses with a subnet there, also while the interface is down.</summary>
    private HashSet<IPv4Address> AskedOn(SpeakerLink link)
        => [.. _frames.Watched.Union(_frames.Held.Keys).Where(
            address => link.Interface.OnLink(address.ToIPAddress()) is not null)];

    private HashSet<IPv4Address> HeldOn(SpeakerLink link)
        => [.. _frames.Held.Values.Where(held => held.Link == link).Select(held => held.Address)];

    private void ListenForEcho(SpeakerLink link) => _links.Try(link.Interface, () => link.ListenForEcho(HeldOn(link)));

    private void Drop(SpeakerLink link)
    {
        foreach (var held in _frames.Held.Values)
        {
            if (held.Link == link)
            {
                held.MoveTo(null);
            }
        }

        _links.Remove(link);
    }

    /// <summary>On a receiving thread that is about to end, so what waits for that thread is done elsewhere.</summary>
    private void OnFault(SpeakerLink link, Exception exception)
    {
        Log.Faulted(_logger, link.Interface.Name, exception);
        _ = Task.Run(() =>
        {
            lock (_gate)
            {
                if (!_disposed && _links.Contains(link))
                {
                    Drop(link);
                    _links.RetryLater();
                }
            }
        });
    }

    private void Retry()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Reconcile();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Answering for {Address} on {Interface}")]
        public static partial void Held(ILogger logger, IPAddress address, string @interface);

        [LoggerMessage(Level = LogLevel.Information, Message = "Answering no more for {Address}")]
        public static partial void Released(ILogger logger, IPAddress address);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Packet sockets on {Interface} failed and are opened anew")]
        public static partial void Faulted(ILogger logger, string @interface, Exception exception);
    }
}
