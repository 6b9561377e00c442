using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>
/// Writes and reads elements of sets and maps by netlink itself: through libnftables 1.0.6 each takes about 20 times as long, and
/// reading many back takes minutes. Speaks to the network namespace of the thread that opens it. Needs NET_ADMIN.
/// </summary>
public sealed class NftablesElements : IDisposable
{
    private const int HeaderLength = 4; // nfgenmsg
    private const int ErrorLength = sizeof(int) + NetlinkMessageReader.HeaderLength; // nlmsgerr, capped
    private const int SendBuffer = 4 * 1024 * 1024;

    private readonly NetlinkSocket _socket;
    private int _sendBuffer = SendBuffer;

    private NftablesElements(NetlinkSocket socket) => _socket = socket;

    /// <summary>Called for each element; what it is given does not outlive the call.</summary>
    public delegate void ElementHandler(NftablesElement element);

    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    public static NftablesElements Open() => Open(receiveBuffer: null);

    /// <param name="receiveBuffer">Bytes of answers that can wait; null for what the system has.</param>
    internal static NftablesElements Open(int? receiveBuffer)
    {
        var socket = NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter);
        try
        {
            if (receiveBuffer is { } bytes)
            {
                socket.SetReceiveBuffer(bytes);
            }

            socket.SetSendBuffer(SendBuffer);
            socket.ExplainRefusals();
            return new NftablesElements(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Has the kernel do all of the batch, or nothing.</summary>
    /// <exception cref="NftablesException">
    /// Nothing was changed; or, when the message says so, it is not known, because the kernel's answer was lost (ENOBUFS).
    /// </exception>
    public void Run(NftablesBatch batch)
    {
        if (batch.Elements == 0)
        {
            return;
        }

        var bytes = batch.Finish();
        if (bytes.Length > _sendBuffer)
        {
            _sendBuffer = bytes.Length;
            _socket.SetSendBuffer(_sendBuffer);
        }

        try
        {
            // Answers to an earlier batch that was given up.
            _socket.Drain(static _ => { });
            _socket.Send(bytes);
            Take(batch);
        }
        catch (SocketException exception)
        {
            throw new NftablesException($"netlink: {exception.Message}", Describe(batch));
        }
    }

    /// <summary>Reads all elements of a set or map.</summary>
    /// <param name="family">Family of the table.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="set">Name of the set or map.</param>
    /// <param name="reset">Called before each attempt: a reading during which something changed is done again.</param>
    /// <param name="handle">Called for each element.</param>
    /// <exception cref="NftablesException">There is none of that name, or the kernel refused.</exception>
    public void Read(NftablesFamily family, string table, string set, Action reset, ElementHandler handle)
    {
        var request = new NetlinkRequest(
                (NetlinkConstants.SubsystemNftables << 8) | NftablesConstants.GetElements,
                NetlinkConstants.Dump,
                [(byte)family, 0, 0, 0],
                $"read the elements of {set}")
            .Put(NftablesConstants.ListTable, table)
            .Put(NftablesConstants.ListSet, set);
        try
        {
            _socket.Dump(request, reset, message => NftablesElementReader.Read(message.Body[HeaderLength..], handle));
        }
        catch (Exception exception) when (exception is SystemCallException or SocketException)
        {
            throw new NftablesException(exception.Message, request.What, (exception as SystemCallException)?.Errno);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Take(NftablesBatch batch)
    {
        var done = false;
        string? refusal = null;
        var whole = _socket.Drain(message =>
        {
            if (message.Type != NetlinkConstants.MessageError || message.Body.Length < sizeof(int))
            {
                return;
            }

            var result = MemoryMarshal.Read<int>(message.Body);
            done |= message.Sequence == batch.LastSequence;
            if (result < 0)
            {
                refusal ??= $"{batch.Describe(message.Sequence)}: {Text(message.Body) ?? new Win32Exception(-result).Message}";
            }
        });
        if (refusal is not null)
        {
            throw new NftablesException(refusal, Describe(batch));
        }

        if (!whole || !done)
        {
            throw new NftablesException("the kernel's answer was lost, so what it did is not known", Describe(batch));
        }
    }

    /// <summary>The kernel's own words, if it has any.</summary>
    private static string? Text(ReadOnlySpan<byte> error)
    {
        if (error.Length > ErrorLength)
        {
            var attributes = new NetlinkAttributeReader(error[ErrorLength..]);
            while (attributes.TryRead(out var type, out var value))
            {
                if (type == NftablesConstants.ErrorText)
                {
                    return Encoding.UTF8.GetString(value).TrimEnd('\0');
                }
            }
        }

        return null;
    }

    private static string Describe(NftablesBatch batch) => $"a batch of {batch.Elements} elements";
}
