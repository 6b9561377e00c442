using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// A raw packet socket (packet(7)) for one EtherType on one interface: whole frames in and out, none of our own.
/// Needs CAP_NET_RAW. It stays valid while the link goes down and up again; when the interface is removed it receives
/// nothing more. One thread receives; any thread may send, change the filter or close.
/// </summary>
public sealed class PacketSocket : IDisposable
{
    /// <summary>Bytes as the kernel counts them, some 800 for a small frame.</summary>
    private const int ReceiveBuffer = 2 * 1024 * 1024;

    private readonly Socket _socket;
    private readonly SafeFileHandle _wake;
    private readonly ImmutableArray<FilterInstruction> _always;
    private volatile bool _closed;

    private PacketSocket(Socket socket, SafeFileHandle wake, ImmutableArray<FilterInstruction> always)
    {
        _socket = socket;
        _wake = wake;
        _always = always;
    }

    /// <summary>Opens a socket in the network namespace of the calling thread.</summary>
    /// <param name="endPoint">What to receive, and where to send.</param>
    /// <param name="filter">Classic BPF that chooses what is received; empty: everything.</param>
    /// <exception cref="SocketException">No CAP_NET_RAW, or no such interface.</exception>
    public static PacketSocket Open(LinkLayerEndPoint endPoint, ImmutableArray<FilterInstruction> filter = default)
    {
        var wake = PacketCalls.EventDescriptor(0, PacketCalls.EventCloseOnExecNonBlocking);
        if (wake.IsInvalid)
        {
            throw SystemCallException.FromLastError("eventfd");
        }

        Socket? socket = null;
        try
        {
            // Protocol 0 receives nothing, so no frame slips in before filter and interface are set.
            socket = new Socket(AddressFamily.Packet, SocketType.Raw, ProtocolType.Unspecified) { Blocking = false };
            socket.SetRawSocketOption(
                PacketCalls.PacketLevel, PacketCalls.IgnoreOutgoing, BitConverter.GetBytes(1));
            Widen(socket);
            var opened = new PacketSocket(socket, wake, endPoint.IsRouted ? PacketFilter.OfType(endPoint.EtherType) : []);
            opened.SetFilter(filter);
            socket.Bind(endPoint);
            return opened;
        }
        catch
        {
            socket?.Dispose();
            wake.Dispose();
            throw;
        }
    }

    /// <summary>Replaces the filter. Frames that wait in the socket already were chosen by the one before.</summary>
    public unsafe void SetFilter(ImmutableArray<FilterInstruction> filter)
    {
        if (filter.IsDefaultOrEmpty)
        {
            filter = [new FilterInstruction(0x06, 0, 0, uint.MaxValue)]; // BPF_RET | BPF_K: accept
        }

        filter = [.. _always, .. filter];
        fixed (FilterInstruction* instructions = filter.AsSpan())
        {
            var program = new PacketCalls.FilterProgram
            {
                Count = checked((ushort)filter.Length),
                Instructions = (nint)instructions,
            };
            _socket.SetRawSocketOption(
                PacketCalls.SocketLevel,
                PacketCalls.AttachFilter,
                MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref program, 1)));
        }
    }

    /// <summary>Waits for the next frame.</summary>
    public ReceiveStatus Receive(Span<byte> buffer, out int length)
    {
        while (!_closed)
        {
            WaitReadable();
            if (_closed)
            {
                break;
            }

            SocketError error;
            try
            {
                // MSG_TRUNC makes the kernel return the frame's whole length (packet(7)).
                length = _socket.Receive(buffer, SocketFlags.Truncated, out error);
            }
            catch (ObjectDisposedException) when (_closed)
            {
                break;
            }

            if (error == SocketError.Success)
            {
                if (length <= buffer.Length)
                {
                    return ReceiveStatus.Frame;
                }

                length = buffer.Length;
                return ReceiveStatus.Truncated;
            }

            if (!IsPassing(error))
            {
                throw new SocketException((int)error);
            }
        }

        length = 0;
        return ReceiveStatus.Closed;
    }

    /// <summary>Sends one frame, without waiting.</summary>
    /// <returns>
    /// <see cref="SocketError.Success"/>, or why not: <see cref="SocketError.NetworkDown"/> while the link is down,
    /// <see cref="SocketError.WouldBlock"/> or <see cref="SocketError.NoBufferSpaceAvailable"/> when queues are full.
    /// </returns>
    public SocketError Send(ReadOnlySpan<byte> frame)
    {
        if (_closed)
        {
            return SocketError.Shutdown;
        }

        try
        {
            _socket.Send(frame, SocketFlags.None, out var error);
            return error;
        }
        catch (ObjectDisposedException) when (_closed)
        {
            return SocketError.Shutdown;
        }
    }

    /// <summary>Ends <see cref="Receive"/>, now and for good. Dispose after the receiving thread has ended.</summary>
    public void Close()
    {
        _closed = true;
        _ = PacketCalls.Write(_wake, 1, sizeof(ulong)); // fails only when it is signalled to the brim already
    }

    public void Dispose()
    {
        _closed = true;
        _socket.Dispose();
        _wake.Dispose();
    }

    /// <summary>
    /// Room for the questions of a whole segment at once, as after a takeover: the default holds some 250 small frames.
    /// </summary>
    private static void Widen(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(
                PacketCalls.SocketLevel, PacketCalls.ReceiveBufferForce, BitConverter.GetBytes(ReceiveBuffer));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            socket.ReceiveBufferSize = ReceiveBuffer; // without CAP_NET_ADMIN up to net.core.rmem_max
        }
    }

    /// <summary>The kernel tells once that the link went down; the others say that there is nothing to read.</summary>
    private static bool IsPassing(SocketError error)
        => error is SocketError.NetworkDown or SocketError.WouldBlock or SocketError.Interrupted
            or SocketError.NoBufferSpaceAvailable;

    private void WaitReadable()
    {
        var socket = _socket.SafeHandle;
        bool heldSocket = false, heldWake = false;
        try
        {
            socket.DangerousAddRef(ref heldSocket);
            _wake.DangerousAddRef(ref heldWake);
            Span<PacketCalls.PollDescriptor> descriptors =
            [
                new() { Descriptor = (int)socket.DangerousGetHandle(), Events = PacketCalls.PollIn },
                new() { Descriptor = (int)_wake.DangerousGetHandle(), Events = PacketCalls.PollIn },
            ];
            if (PacketCalls.Poll(descriptors, (nuint)descriptors.Length, -1) < 0
                && Marshal.GetLastPInvokeError() != PacketCalls.Interrupted)
            {
                throw SystemCallException.FromLastError("poll");
            }
        }
        catch (ObjectDisposedException) when (_closed)
        {
            // The caller sees that the socket is closed.
        }
        finally
        {
            if (heldWake)
            {
                _wake.DangerousRelease();
            }

            if (heldSocket)
            {
                socket.DangerousRelease();
            }
        }
    }
}
