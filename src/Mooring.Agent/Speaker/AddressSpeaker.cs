using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Speaker;

/// <summary>
/// Announces and answers for addresses of both families. State changes under one lock; the receiving threads read immutable
/// snapshots of it and never wait for that lock.
/// </summary>
internal sealed partial class AddressSpeaker : ISpeaker
{
    /// <summary>Claims a slow reader may be behind; the oldest are dropped, as a claim is repeated while it stands.</summary>
    private const int ClaimBacklog = 256;

    private readonly SpeakerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<AddressSpeaker> _logger;
    private readonly ImmutableArray<IResponder> _responders;
    private readonly SpeakerLinks _links;
    private readonly ConcurrentDictionary<IPAddress, HeldAddress> _held = [];
    private readonly Lock _gate = new();
    private readonly Channel<ObservedClaim> _claims = Channel.CreateBounded<ObservedClaim>(
        new BoundedChannelOptions(ClaimBacklog) { FullMode = BoundedChannelFullMode.DropOldest });

    private ImmutableHashSet<IPAddress> _watched = [];
    private bool _disposed;

    public AddressSpeaker(
        SpeakerSockets sockets,
        SpeakerOptions options,
        SpeakerMetrics metrics,
        TimeProvider time,
        ILogger<AddressSpeaker> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        var reports = new SpeakerReports(_claims.Writer, metrics, time);
        _responders = [new ArpResponder(reports), new NeighborResponder(reports)];
        _links = new SpeakerLinks(sockets, OnFault, Retry, time, logger);
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

            ImmutableHashSet<MacAddress> own = [.. interfaces.Select(one => MacAddress.From(one.MacAddress))];
            foreach (var responder in _responders)
            {
                responder.SetOwnMacs(own);
            }

            Reconcile();
        }
    }

    public long Hold(IPAddress address, long deadline)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var on = _links.InterfaceOf(address) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: no interface that is up has a subnet with it");
            var link = _links.On(on, ResponderOf(address)) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: packet sockets on {on.Name} could not be opened");

            // A standby has watched the address, so its frames come up already. Echo comes after the announcement, which
            // must not wait.
            if (!link.Hears(address) && !_links.Try(on, () => link.Listen(HeardOn(link, address))))
            {
                throw new InvalidOperationException($"{address} cannot be announced: the filter on {on.Name} failed");
            }

            if (!_held.TryGetValue(address, out var held))
            {
                held = new HeldAddress(address, deadline, link.Responder.Announce, _options, _time);
                _held[address] = held;
                link.Responder.Hold(held);
            }

            var before = held.Link;
            Count(before, link);
            var announced = held.Announce(link, deadline);
            ListenForEcho(before);
            ListenForEcho(link);
            Log.Held(_logger, address, on.Name);
            return announced;
        }
    }

    public void ExtendDeadline(IPAddress address, long deadline)
    {
        if (_held.TryGetValue(address, out var held))
        {
            held.ExtendDeadline(deadline);
        }
    }

    public void Release(IPAddress address)
    {
        lock (_gate)
        {
            if (_held.TryRemove(address, out var held))
            {
                var link = held.Link;
                held.Dispose();
                ResponderOf(address).Release(address);
                Count(link, null);
                ListenForEcho(link);
                Log.Released(_logger, address);
            }
        }
    }

    public void Watch(IReadOnlyCollection<IPAddress> addresses)
    {
        lock (_gate)
        {
            if (_disposed || _watched.SetEquals(addresses))
            {
                return;
            }

            _watched = [.. addresses];
            foreach (var responder in _responders)
            {
                responder.Watch(_watched.Where(address => address.AddressFamily == responder.Family));
            }

            Reconcile();
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
            foreach (var held in _held.Values)
            {
                held.Dispose();
            }

            _held.Clear();
            _links.Dispose();
        }

        _claims.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    private IResponder ResponderOf(IPAddress address)
        => _responders.First(responder => responder.Family == address.AddressFamily);

    /// <summary>
    /// Brings sockets, filters and the places of held addresses to what interfaces and addresses ask for. Questions are
    /// heard before the announcement that provokes them.
    /// </summary>
    private void Reconcile()
    {
        foreach (var address in _watched.Union(_held.Keys))
        {
            if (_links.InterfaceOf(address) is { } on)
            {
                _links.On(on, ResponderOf(address));
            }
        }

        foreach (var link in _links.Open)
        {
            var heard = HeardOn(link);
            if (heard.Count == 0)
            {
                Drop(link);
            }
            else
            {
                _links.Try(link.Interface, () => link.Listen(heard));
            }
        }

        foreach (var held in _held.Values)
        {
            Move(held, _links.InterfaceOf(held.Address) is { } on ? _links.On(on, ResponderOf(held.Address)) : null);
        }

        foreach (var link in _links.Open)
        {
            ListenForEcho(link);
        }
    }

    /// <summary>Held and watched addresses with a subnet there, also while the interface is down.</summary>
    private HashSet<IPAddress> HeardOn(SpeakerLink link, params ReadOnlySpan<IPAddress> more)
        => [.. _watched.Union(_held.Keys).Where(address =>
            address.AddressFamily == link.Responder.Family && link.Interface.OnLink(address) is not null), .. more];

    private void ListenForEcho(SpeakerLink? link)
    {
        if (link is not null)
        {
            _links.Try(link.Interface, link.ListenForEcho);
        }
    }

    private static void Move(HeldAddress held, SpeakerLink? to)
    {
        Count(held.Link, to);
        held.MoveTo(to);
    }

    private static void Count(SpeakerLink? from, SpeakerLink? to)
    {
        if (from is not null)
        {
            from.HeldCount--;
        }

        if (to is not null)
        {
            to.HeldCount++;
        }
    }

    private void Drop(SpeakerLink link)
    {
        foreach (var held in _held.Values)
        {
            if (held.Link == link)
            {
                Move(held, null);
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
