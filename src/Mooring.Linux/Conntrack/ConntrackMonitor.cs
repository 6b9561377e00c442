using Mooring.Linux.Netlink;

namespace Mooring.Linux.Conntrack;

/// <summary>
/// Tells of TCP handshakes that were refused: the kernel forgets such a flow at once, so it is never found in the table
/// (nf_conntrack_proto_tcp.c). Belongs to the network namespace of the thread that opens it. Needs NET_ADMIN, and
/// net.netfilter.nf_conntrack_events not 0.
/// </summary>
public sealed class ConntrackMonitor : IDisposable
{
    private const int GroupDestroy = 3; // NFNLGRP_CONNTRACK_DESTROY
    private const int Deleted = (1 << 8) | 2; // NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE
    private const int BufferBytes = 4 * 1024 * 1024;
    private const int HeaderLength = 4; // nfgenmsg
    private const int Status = 3; // CTA_STATUS
    private const uint SeenReply = 1 << 1; // IPS_SEEN_REPLY
    private const byte Closed = 8; // TCP_CONNTRACK_CLOSE

    private readonly NetlinkSocket _socket;

    private ConntrackMonitor(NetlinkSocket socket) => _socket = socket;

    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The kernel refused.</exception>
    public static ConntrackMonitor Open()
    {
        var socket = NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter);
        try
        {
            socket.SetReceiveBuffer(BufferBytes);
            socket.Join(GroupDestroy);
            return new ConntrackMonitor(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits until a flow has ended, in whatever way.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _socket.WaitReadableAsync(cancellationToken);

    /// <summary>Calls <paramref name="take"/> with every handshake that was refused since the last call.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The socket failed.</exception>
    public void TakeRefused(Action<ConntrackFlow> take) => _socket.Drain(message =>
    {
        // Most flows that end were answered: they are not looked at any further.
        if (message.Type == Deleted && message.Body.Length > HeaderLength && !WasAnswered(message.Body[HeaderLength..])
            && ConntrackMessage.TryParse(message.Body[HeaderLength..].ToArray(), out var flow, out _) && flow.TcpState == Closed)
        {
            take(flow);
        }
    });

    public void Dispose() => _socket.Dispose();

    private static bool WasAnswered(ReadOnlySpan<byte> attributes)
    {
        var reader = new NetlinkAttributeReader(attributes);
        while (reader.TryRead(out var type, out var value))
        {
            if (type == Status && value.Length == 4)
            {
                return (System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(value) & SeenReply) != 0;
            }
        }

        return true;
    }
}
