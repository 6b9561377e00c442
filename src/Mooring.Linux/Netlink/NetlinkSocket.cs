using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mooring.Linux.Netlink;

/// <summary>A netlink socket. It belongs to the network namespace of the thread that opens it.</summary>
internal sealed partial class NetlinkSocket : IDisposable
{
    /// <summary>The kernel fills at most this much per datagram of a dump.</summary>
    private const int BufferSize = 64 * 1024;

    private const int MaxAttempts = 8;
    private const int MaxNotificationsAtOnce = 10_000;
    private const int AddressLength = 12;

    private readonly Socket _socket;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
    private uint _sequence;

    /// <summary>The kernel has dropped notifications, and said so to a call that left them for another.</summary>
    private bool _lost;

    private NetlinkSocket(Socket socket) => _socket = socket;

    public int Descriptor => (int)_socket.Handle;

    /// <summary>Called for each message of a dump.</summary>
    public delegate void MessageHandler(NetlinkMessage message);

    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    /// <param name="protocol">NETLINK_ROUTE, or another of linux/netlink.h.</param>
    public static NetlinkSocket Open(int protocol = 0)
    {
        var descriptor = OpenDescriptor(NetlinkConstants.FamilyNetlink, NetlinkConstants.SocketRawCloseOnExec, protocol);
        if (descriptor < 0)
        {
            throw SystemCallException.FromLastError("socket AF_NETLINK");
        }

        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);

        // struct sockaddr_nl: family, pad, port, groups. Port 0 has the kernel choose one; without a port it would
        // skip the socket when it sends notifications.
        Span<byte> address = stackalloc byte[AddressLength];
        address.Clear();
        MemoryMarshal.Write(address, (ushort)NetlinkConstants.FamilyNetlink);
        if (Bind(handle, address, AddressLength) != 0)
        {
            var exception = SystemCallException.FromLastError("bind AF_NETLINK");
            handle.Dispose();
            throw exception;
        }

        return new NetlinkSocket(new Socket(handle));
    }

    /// <summary>A socket that gets the change notifications of these multicast groups.</summary>
    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    /// <exception cref="SocketException">The kernel refused a group.</exception>
    public static NetlinkSocket OpenFor(params ReadOnlySpan<int> groups)
    {
        var socket = Open();
        try
        {
            foreach (var group in groups)
            {
                socket.Join(group);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Joins a multicast group of change notifications.</summary>
    public void Join(int group) => _socket.SetRawSocketOption(
        NetlinkConstants.LevelNetlink, NetlinkConstants.AddMembership, BitConverter.GetBytes(group));

    public void Leave(int group) => _socket.SetRawSocketOption(
        NetlinkConstants.LevelNetlink, NetlinkConstants.DropMembership, BitConverter.GetBytes(group));

    /// <summary>
    /// Waits for at least one notification and throws away all that wait. They only say that something changed: the
    /// caller asks for the whole state, so nothing is missed when the kernel had to drop some (ENOBUFS).
    /// </summary>
    public async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.ReceiveAsync(_buffer, cancellationToken);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.NoBufferSpaceAvailable)
        {
            // More changes than the socket could take.
        }

        // Bounded, so that a steady stream of changes cannot keep the caller from looking.
        for (var i = 0; i < MaxNotificationsAtOnce && _socket.Poll(0, SelectMode.SelectRead); i++)
        {
            _socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.NoBufferSpaceAvailable))
            {
                throw new SocketException((int)error);
            }
        }
    }

    /// <summary>Lets so many bytes of notifications wait, beyond net.core.rmem_max. Needs NET_ADMIN.</summary>
    public void SetReceiveBuffer(int bytes) => _socket.SetRawSocketOption(
        NetlinkConstants.LevelSocket, NetlinkConstants.ReceiveBufferForce, BitConverter.GetBytes(bytes));

    /// <summary>Lets a message be so many bytes, beyond net.core.wmem_max. Needs NET_ADMIN.</summary>
    public void SetSendBuffer(int bytes) => _socket.SetRawSocketOption(
        NetlinkConstants.LevelSocket, NetlinkConstants.SendBufferForce, BitConverter.GetBytes(bytes));

    /// <summary>Has refusals come with the kernel's words for them, and without a copy of what was refused.</summary>
    public void ExplainRefusals()
    {
        foreach (var option in (int[])[NetlinkConstants.CapAcknowledgements, NetlinkConstants.ExtendedAcknowledgements])
        {
            _socket.SetRawSocketOption(NetlinkConstants.LevelNetlink, option, BitConverter.GetBytes(1));
        }
    }

    /// <summary>Sends messages as they are. The kernel has answered when this returns; <see cref="Drain"/> takes the answers.</summary>
    public void Send(ReadOnlySpan<byte> messages) => _socket.Send(messages);

    /// <summary>Waits until there is a notification, and leaves it for <see cref="Drain"/>.</summary>
    public async Task WaitReadableAsync(CancellationToken cancellationToken)
    {
        try
        {
            var peeked = new byte[1];
            await _socket.ReceiveAsync(peeked, SocketFlags.Peek, cancellationToken);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.NoBufferSpaceAvailable)
        {
            // The kernel says so once, whoever reads: Drain has to know.
            Volatile.Write(ref _lost, true);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.MessageSize)
        {
            // Something is there.
        }
    }

    /// <summary>Takes all notifications that wait.</summary>
    /// <returns>False when the kernel had to drop some.</returns>
    public bool Drain(MessageHandler handle)
    {
        var whole = !Interlocked.Exchange(ref _lost, false);
        while (_socket.Poll(0, SelectMode.SelectRead))
        {
            var length = _socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error == SocketError.NoBufferSpaceAvailable)
            {
                whole = false;
                continue;
            }

            if (error != SocketError.Success)
            {
                throw new SocketException((int)error);
            }

            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                handle(message);
            }
        }

        return whole;
    }

    /// <summary>Asks for one object.</summary>
    /// <exception cref="SystemCallException">The kernel refused.</exception>
    public void Get(NetlinkRequest request, MessageHandler handle)
    {
        var sequence = ++_sequence;
        _socket.Send(request.Finish(sequence));
        while (true)
        {
            var length = _socket.Receive(_buffer);
            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                if (message.Sequence != sequence)
                {
                    continue;
                }

                if (message.Type == NetlinkConstants.MessageError)
                {
                    ThrowIfRefused(message.Body, request);
                    return;
                }

                handle(message);
            }
        }
    }

    /// <summary>Asks for all objects of a kind.</summary>
    /// <param name="type">Such as <see cref="NetlinkConstants.GetLink"/>.</param>
    /// <param name="reset">Called before each attempt: a dump during which something changed is asked for again.</param>
    /// <param name="handle">Called for each message.</param>
    /// <param name="family">Objects of this family; 0: all.</param>
    /// <exception cref="SystemCallException">The kernel refused.</exception>
    public void Dump(ushort type, Action reset, MessageHandler handle, byte family = 0)
    {
        for (var attempt = 1; ; attempt++)
        {
            reset();
            var sequence = ++_sequence;
            Send(type, family, sequence);
            if (TakeDump(sequence, $"netlink dump {type}", handle) || attempt == MaxAttempts)
            {
                // After that many interruptions the mixture is used: the change that interrupted is notified too.
                return;
            }
        }
    }

    /// <summary>Asks for all objects that <paramref name="request"/> names.</summary>
    /// <param name="request">With the flags of a dump.</param>
    /// <param name="reset">Called before each attempt: a dump during which something changed is asked for again.</param>
    /// <param name="handle">Called for each message.</param>
    /// <exception cref="SystemCallException">The kernel refused.</exception>
    public void Dump(NetlinkRequest request, Action reset, MessageHandler handle)
    {
        for (var attempt = 1; ; attempt++)
        {
            reset();
            var sequence = ++_sequence;
            _socket.Send(request.Finish(sequence));
            if (TakeDump(sequence, request.What, handle) || attempt == MaxAttempts)
            {
                return;
            }
        }
    }

    /// <summary>Has one change made and waits until it is.</summary>
    /// <exception cref="SystemCallException">The kernel refused; the message says what was asked for.</exception>
    public void Execute(NetlinkRequest request)
    {
        var sequence = ++_sequence;
        _socket.Send(request.Finish(sequence));
        while (true)
        {
            var length = _socket.Receive(_buffer);
            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                if (message.Sequence == sequence && message.Type == NetlinkConstants.MessageError)
                {
                    ThrowIfRefused(message.Body, request);
                    return;
                }
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <returns>False when the kernel said that the objects changed meanwhile.</returns>
    private bool TakeDump(uint sequence, string what, MessageHandler handle)
    {
        var consistent = true;
        while (true)
        {
            var length = _socket.Receive(_buffer);
            var messages = new NetlinkMessageReader(_buffer.AsSpan(0, length));
            while (messages.TryRead(out var message))
            {
                if (message.Sequence != sequence)
                {
                    continue; // left over from a dump that failed halfway
                }

                consistent &= (message.Flags & NetlinkConstants.DumpInterrupted) == 0;
                if (message.Type is NetlinkConstants.MessageDone or NetlinkConstants.MessageError)
                {
                    ThrowIfError(message.Body, what);
                    return consistent;
                }

                handle(message);
            }

            if (messages.Malformed)
            {
                throw new InvalidDataException($"{what}: a message does not fit its datagram");
            }
        }
    }

    private void Send(ushort type, byte family, uint sequence)
    {
        // The header and the largest of the request bodies (struct ifinfomsg), zero: every object; each body begins with
        // the family, 0 for all.
        Span<byte> request = stackalloc byte[NetlinkMessageReader.HeaderLength + 16];
        request.Clear();
        MemoryMarshal.Write(request, (uint)request.Length);
        MemoryMarshal.Write(request[4..], type);
        MemoryMarshal.Write(request[6..], NetlinkConstants.RequestDump);
        MemoryMarshal.Write(request[8..], sequence);
        request[NetlinkMessageReader.HeaderLength] = family;
        _socket.Send(request);
    }

    private static void ThrowIfRefused(ReadOnlySpan<byte> body, NetlinkRequest request) => ThrowIfError(body, request.What);

    private static void ThrowIfError(ReadOnlySpan<byte> body, string what)
    {
        var result = body.Length >= sizeof(int) ? MemoryMarshal.Read<int>(body) : 0;
        if (result < 0)
        {
            throw new SystemCallException(-result, what);
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial nint OpenDescriptor(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(SafeSocketHandle socket, Span<byte> address, uint length);
}
