using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;

namespace Mooring.Agent.Speaker;

/// <summary>
/// Speaks ARP and answers ICMP echo for IPv4 addresses. State changes under one lock; the receiving threads read immutable
/// snapshots of it and never wait for that lock.
/// </summary>
internal sealed partial class ArpSpeaker : ISpeaker
{
    /// <summary>Claims a slow reader may be behind; the oldest are dropped, as a claim is repeated while it stands.</summary>
    private const int ClaimBacklog = 256;

    /// <summary>Pause before sockets that failed or could not be opened are tried again.</summary>
    private static readonly TimeSpan ReopenPause = TimeSpan.FromSeconds(1);

    private readonly PacketSocketFactory _open;
    private readonly SpeakerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ArpSpeaker> _logger;
    private readonly ArpFrames _frames;
    private readonly ITimer _reopen;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, SpeakerLink> _links = [];
    private readonly Channel<ObservedClaim> _claims = Channel.CreateBounded<ObservedClaim>(
        new BoundedChannelOptions(ClaimBacklog) { FullMode = BoundedChannelFullMode.DropOldest });

    private ImmutableArray<NodeInterface> _interfaces = [];
    private bool _disposed;

    public ArpSpeaker(
        PacketSocketFactory open,
        SpeakerOptions options,
        SpeakerMetrics metrics,
        TimeProvider time,
        ILogger<ArpSpeaker> logger)
    {
        _open = open;
        _options = options;
        _time = time;
        _logger = logger;
        _frames = new ArpFrames(_claims.Writer, metrics, time, OnFault);
        _reopen = time.CreateTimer(
            static speaker => ((ArpSpeaker)speaker!).Reopen(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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

            _interfaces = interfaces;
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
            var on = InterfaceOf(key) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: no interface that is up has a subnet with it");
            var link = LinkOn(on) ?? throw new InvalidOperationException(
                $"{address} cannot be announced: packet sockets on {on.Name} could not be opened");

            // A standby has watched the address, so the filter passes it already. Echo comes after the announcement,
            // which must not wait.
            var asked = AskedOn(link);
            if (asked.Add(key) && !Try(link, () => link.ListenForArp(asked)))
            {
                throw new InvalidOperationException($"{address} cannot be announced: the filter on {on.Name} failed");
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
            foreach (var link in _links.Values)
            {
                link.Dispose();
            }

            _links.Clear();
            _reopen.Dispose();
        }

        _claims.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    /// <summary>Brings sockets, filters and the places of held addresses to what interfaces and addresses ask for.</summary>
    private void Reconcile()
    {
        foreach (var (index, link) in _links.ToArray())
        {
            var now = _interfaces.FirstOrDefault(one => one.Index == index);
            if (now is not null && MacAddress.From(now.MacAddress) == link.Mac)
            {
                link.Interface = now;
            }
            else
            {
                Drop(link);
            }
        }

        foreach (var held in _frames.Held.Values)
        {
            var on = InterfaceOf(held.Address);
            held.MoveTo(on is null ? null : LinkOn(on));
        }

        foreach (var address in _frames.Watched)
        {
            if (InterfaceOf(address) is { } on)
            {
                LinkOn(on);
            }
        }

        foreach (var link in _links.Values.ToArray())
        {
            var asked = AskedOn(link);
            if (asked.Count == 0)
            {
                Drop(link);
            }
            else
            {
                Try(link, () => link.ListenForArp(asked));
                ListenForEcho(link);
            }
        }
    }

    /// <summary>The interface that is up and has the address in the narrowest of its subnets.</summary>
    private NodeInterface? InterfaceOf(IPv4Address address)
    {
        var ip = address.ToIPAddress();
        NodeInterface? found = null;
        var longest = -1;
        foreach (var one in _interfaces)
        {
            if (one.Up && one.OnLink(ip) is { } own && own.Subnet.PrefixLength > longest)
            {
                (found, longest) = (one, own.Subnet.PrefixLength);
            }
        }

        return found;
    }

    private SpeakerLink? LinkOn(NodeInterface on)
    {
        if (_links.TryGetValue(on.Index, out var link))
        {
            return link;
        }

        try
        {
            return _links[on.Index] = SpeakerLink.Open(on, _open, _frames);
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.NotOpened(_logger, on.Name, exception);
            _reopen.Change(ReopenPause, Timeout.InfiniteTimeSpan);
            return null;
        }
    }

    /// <summary>Addresses held here, and watched ones whose claims would be seen here.</summary>
    private HashSet<IPv4Address> AskedOn(SpeakerLink link)
    {
        var asked = HeldOn(link);
        asked.UnionWith(_frames.Watched.Where(address => link.Interface.OnLink(address.ToIPAddress()) is not null));
        return asked;
    }

    private HashSet<IPv4Address> HeldOn(SpeakerLink link)
        => [.. _frames.Held.Values.Where(held => held.Link == link).Select(held => held.Address)];

    private void ListenForEcho(SpeakerLink link) => Try(link, () => link.ListenForEcho(HeldOn(link)));

    /// <summary>What the kernel refuses is tried again with the next reconciliation.</summary>
    private bool Try(SpeakerLink link, Action change)
    {
        try
        {
            change();
            return true;
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.NotOpened(_logger, link.Interface.Name, exception);
            _reopen.Change(ReopenPause, Timeout.InfiniteTimeSpan);
            return false;
        }
    }

    private void Drop(SpeakerLink link)
    {
        _links.Remove(link.Interface.Index);
        foreach (var held in _frames.Held.Values)
        {
            if (held.Link == link)
            {
                held.MoveTo(null);
            }
        }

        link.Dispose();
    }

    /// <summary>On a receiving thread that is about to end, so what waits for that thread is done elsewhere.</summary>
    private void OnFault(SpeakerLink link, Exception exception)
    {
        Log.Faulted(_logger, link.Interface.Name, exception);
        _ = Task.Run(() =>
        {
            lock (_gate)
            {
                if (!_disposed && _links.GetValueOrDefault(link.Interface.Index) == link)
                {
                    Drop(link);
                    _reopen.Change(ReopenPause, Timeout.InfiniteTimeSpan);
                }
            }
        });
    }

    private void Reopen()
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

        [LoggerMessage(Level = LogLevel.Error, Message = "Packet sockets on {Interface} could not be opened")]
        public static partial void NotOpened(ILogger logger, string @interface, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Packet sockets on {Interface} failed and are opened anew")]
        public static partial void Faulted(ILogger logger, string @interface, Exception exception);
    }
}
