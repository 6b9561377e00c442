using System.Collections.Immutable;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The packet sockets of one interface, each read by a thread of its own: an answer waits neither for the thread pool nor
/// for another interface.
/// </summary>
internal sealed class SpeakerLink : IDisposable
{
    /// <summary>Larger than any frame that is not a fragment; longer ones are cut and dropped.</summary>
    private const int BufferLength = 16 * 1024;

    private readonly PacketSocket _arp;
    private readonly PacketSocket _echo;
    private readonly Action<SpeakerLink, Exception> _faulted;
    private readonly List<Thread> _threads = [];

    private SpeakerLink(NodeInterface of, PacketSocket arp, PacketSocket echo, Action<SpeakerLink, Exception> faulted)
    {
        Interface = of;
        Mac = MacAddress.From(of.MacAddress);
        _arp = arp;
        _echo = echo;
        _faulted = faulted;
    }

    public delegate void FrameReceived(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> reply);

    public NodeInterface Interface { get; set; }

    public MacAddress Mac { get; }

    /// <exception cref="SocketException">No CAP_NET_RAW, or the interface is gone.</exception>
    /// <exception cref="SystemCallException">Out of descriptors.</exception>
    public static SpeakerLink Open(
        NodeInterface of, PacketSocketFactory open, FrameReceived onArp, FrameReceived onEcho,
        Action<SpeakerLink, Exception> faulted)
    {
        var arp = open(new LinkLayerEndPoint((ushort)EtherType.Arp, of.Index), PacketFilter.Arp([]));
        PacketSocket echo;
        try
        {
            echo = open(new LinkLayerEndPoint((ushort)EtherType.IPv4, of.Index), PacketFilter.EchoRequest([]));
        }
        catch
        {
            arp.Dispose();
            throw;
        }

        var link = new SpeakerLink(of, arp, echo, faulted);
        link.Start("arp", arp, onArp);
        link.Start("echo", echo, onEcho);
        return link;
    }

    /// <summary>Narrows what wakes the threads to these addresses, in host byte order.</summary>
    public void SetFilters(IReadOnlyCollection<uint> watched, IReadOnlyCollection<uint> held)
    {
        _arp.SetFilter(PacketFilter.Arp(watched));
        _echo.SetFilter(PacketFilter.EchoRequest(held));
    }

    public SocketError Send(ReadOnlySpan<byte> frame) => _arp.Send(frame);

    public void Dispose()
    {
        _arp.Close();
        _echo.Close();
        foreach (var thread in _threads)
        {
            if (thread != Thread.CurrentThread)
            {
                thread.Join();
            }
        }

        _arp.Dispose();
        _echo.Dispose();
    }

    private void Start(string name, PacketSocket socket, FrameReceived received)
    {
        var thread = new Thread(() => Receive(socket, received))
        {
            IsBackground = true,
            Name = $"{name} {Interface.Name}",
            Priority = ThreadPriority.AboveNormal,
        };
        _threads.Add(thread);
        thread.Start();
    }

    private void Receive(PacketSocket socket, FrameReceived received)
    {
        var buffer = new byte[BufferLength];
        var reply = new byte[BufferLength];
        try
        {
            while (true)
            {
                switch (socket.Receive(buffer, out var length))
                {
                    case ReceiveStatus.Frame:
                        received(this, buffer.AsSpan(0, length), reply);
                        break;
                    case ReceiveStatus.Closed:
                        return;
                    default:
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            _faulted(this, exception);
        }
    }
}
