using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The sockets of one interface and address family: for ARP or neighbour discovery always; for echo only while addresses
/// are held, as the kernel shows that socket every packet that it forwards. Changed by one owner at a time; frames may be
/// sent by any thread.
/// </summary>
internal sealed class SpeakerLink : IDisposable
{
    private readonly SpeakerSockets _sockets;
    private readonly Action<SpeakerLink, Exception> _faulted;
    private readonly MulticastGroups _groups;
    private readonly ReceiveLoop _neighbors;
    private volatile ReceiveLoop? _echo;
    private volatile NodeInterface _interface;
    private IReadOnlySet<IPAddress> _heard = ImmutableHashSet<IPAddress>.Empty;

    /// <param name="on">Where.</param>
    /// <param name="responder">Takes what arrives, on the threads that receive it.</param>
    /// <param name="sockets">Opens them.</param>
    /// <param name="faulted">A socket failed; the link must be disposed, by another thread.</param>
    /// <exception cref="SocketException">No CAP_NET_RAW, or the interface is gone.</exception>
    /// <exception cref="SystemCallException">Out of descriptors.</exception>
    public SpeakerLink(
        NodeInterface on, IResponder responder, SpeakerSockets sockets, Action<SpeakerLink, Exception> faulted)
    {
        _sockets = sockets;
        _faulted = faulted;
        _interface = on;
        Responder = responder;
        Mac = MacAddress.From(on.MacAddress);
        _groups = new MulticastGroups(on.Index, sockets.Groups);
        _neighbors = Loop(SpeakerChannel.Neighbors);
        _neighbors.Start();
    }

    public IResponder Responder { get; }

    public NodeInterface Interface
    {
        get => _interface;
        set => _interface = value;
    }

    /// <summary>Fixed: an interface whose MAC changes gets a new link.</summary>
    public MacAddress Mac { get; }

    /// <summary>Held addresses that are answered for here, as its owner counts them.</summary>
    public int HeldCount { get; set; }

    /// <summary>Whether frames about the address come up.</summary>
    public bool Hears(IPAddress address) => _heard.Contains(address);

    /// <summary>Chooses the addresses about which frames come up.</summary>
    /// <exception cref="SocketException">The kernel has no memory for the filter, or no IPv6 on the interface.</exception>
    public void Listen(IReadOnlySet<IPAddress> addresses)
    {
        if (_heard.SetEquals(addresses))
        {
            return;
        }

        _neighbors.SetFilter(Responder.FilterFor(SpeakerChannel.Neighbors, addresses));
        _echo?.SetFilter(Responder.FilterFor(SpeakerChannel.Echo, addresses));
        _groups.Set(Responder.GroupsOf(addresses));
        _heard = addresses;
    }

    /// <summary>Opens or closes the socket for echo, as <see cref="HeldCount"/> says.</summary>
    /// <exception cref="SocketException">The socket could not be opened.</exception>
    /// <exception cref="SystemCallException">Out of descriptors.</exception>
    public void ListenForEcho()
    {
        if (HeldCount > 0 && _echo is null)
        {
            _echo = Loop(SpeakerChannel.Echo);
            _echo.Start();
        }
        else if (HeldCount == 0)
        {
            _echo?.Dispose();
            _echo = null;
        }
    }

    /// <summary>Sends a whole frame.</summary>
    public SocketError Send(SpeakerChannel channel, ReadOnlySpan<byte> frame)
        => (channel == SpeakerChannel.Neighbors ? _neighbors : _echo)?.Send(frame) ?? SocketError.Shutdown;

    public void Dispose()
    {
        _neighbors.Dispose();
        _echo?.Dispose();
        _groups.Dispose();
    }

    private ReceiveLoop Loop(SpeakerChannel channel)
        => new(
            $"{(channel == SpeakerChannel.Echo ? "echo" : Responder.TypeOf(channel) == EtherType.Arp ? "arp" : "nd")} {_interface.Name}",
            _sockets.Packets(
                new LinkLayerEndPoint((ushort)Responder.TypeOf(channel), _interface.Index),
                Responder.FilterFor(channel, _heard)),
            (frame, answer) => Responder.Received(this, channel, frame, answer),
            Responder.Malformed,
            exception => _faulted(this, exception));
}
