using System.Collections.Immutable;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The sockets of one interface: ARP always; IPv4 for echo only while addresses are held, as the kernel shows that socket
/// every packet that it forwards. Changed by one owner at a time; frames may be sent by any thread.
/// </summary>
internal sealed class SpeakerLink : IDisposable
{
    private readonly PacketSocketFactory _open;
    private readonly IFrameReceiver _receiver;
    private readonly ReceiveLoop _arp;
    private volatile ReceiveLoop? _echo;
    private volatile NodeInterface _interface;
    private IReadOnlySet<IPv4Address> _asked = ImmutableHashSet<IPv4Address>.Empty;
    private IReadOnlySet<IPv4Address> _pinged = ImmutableHashSet<IPv4Address>.Empty;

    private SpeakerLink(NodeInterface on, PacketSocketFactory open, IFrameReceiver receiver)
    {
        _open = open;
        _receiver = receiver;
        _interface = on;
        Mac = MacAddress.From(on.MacAddress);
        _arp = Loop("arp", EtherType.Arp, PacketFilter.Arp([]), (frame, answer) => receiver.Arp(this, frame, answer));
        _arp.Start();
    }

    /// <summary>Takes what arrives, on the threads that receive it.</summary>
    internal interface IFrameReceiver
    {
        void Arp(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer);

        void IPv4(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer);

        void Malformed();

        /// <summary>A socket failed; the link must be disposed, by another thread.</summary>
        void Faulted(SpeakerLink link, Exception exception);
    }

    public NodeInterface Interface
    {
        get => _interface;
        set => _interface = value;
    }

    /// <summary>Fixed: an interface whose MAC changes gets a new link.</summary>
    public MacAddress Mac { get; }

    /// <exception cref="SocketException">No CAP_NET_RAW, or the interface is gone.</exception>
    /// <exception cref="SystemCallException">Out of descriptors.</exception>
    public static SpeakerLink Open(NodeInterface on, PacketSocketFactory open, IFrameReceiver receiver)
        => new(on, open, receiver);

    /// <summary>Whose ARP frames come up, as sender or target.</summary>
    /// <exception cref="SocketException">The kernel has no memory for the filter.</exception>
    public void ListenForArp(IReadOnlySet<IPv4Address> addresses)
    {
        if (!_asked.SetEquals(addresses))
        {
            _arp.SetFilter(PacketFilter.Arp([.. addresses.Select(address => address.Value)]));
            _asked = addresses;
        }
    }

    public bool HearsArp(IPv4Address address) => _asked.Contains(address);

    /// <summary>Whose echo requests come up.</summary>
    /// <exception cref="SocketException">The socket could not be opened.</exception>
    /// <exception cref="SystemCallException">Out of descriptors.</exception>
    public void ListenForEcho(IReadOnlySet<IPv4Address> addresses)
    {
        if (_pinged.SetEquals(addresses))
        {
            return;
        }

        if (addresses.Count == 0)
        {
            _echo?.Dispose();
            _echo = null;
        }
        else
        {
            var filter = PacketFilter.EchoRequest([.. addresses.Select(address => address.Value)]);
            if (_echo is { } open)
            {
                open.SetFilter(filter);
            }
            else
            {
                _echo = Loop("echo", EtherType.IPv4, filter, (frame, answer) => _receiver.IPv4(this, frame, answer));
                _echo.Start();
            }
        }

        _pinged = addresses;
    }

    /// <summary>Sends a whole frame through the socket of its type.</summary>
    public SocketError Send(EtherType type, ReadOnlySpan<byte> frame)
        => (type == EtherType.Arp ? _arp : _echo)?.Send(frame) ?? SocketError.Shutdown;

    public void Dispose()
    {
        _arp.Dispose();
        _echo?.Dispose();
    }

    private ReceiveLoop Loop(
        string name, EtherType type, ImmutableArray<FilterInstruction> filter, ReceiveLoop.FrameHandler received)
        => new(
            $"{name} {_interface.Name}",
            _open(new LinkLayerEndPoint((ushort)type, _interface.Index), filter),
            received,
            _receiver.Malformed,
            exception => _receiver.Faulted(this, exception));
}
