using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;

namespace Mooring.Linux.Conntrack;

/// <summary>
/// The kernel's connection tracking table of the namespace the instance was created in, over ctnetlink
/// (linux/netfilter/nfnetlink_conntrack.h). Not for use from several threads at once. Needs NET_ADMIN.
/// </summary>
public sealed class ConntrackTable : IDisposable
{
    private const ushort GetMessage = (1 << 8) | 1;
    private const ushort DeleteMessage = (1 << 8) | 2;
    private const ushort FlagRequest = 0x1;
    private const ushort FlagAck = 0x4;
    private const ushort FlagDump = 0x300;
    private const ushort MessageError = 2;
    private const ushort MessageDone = 3;
    private const int HeaderLength = 20; // nlmsghdr and nfgenmsg
    private const byte FamilyUnspecified = 0; // both
    private const byte FamilyIPv4 = 2;
    private const byte FamilyIPv6 = 10;
    private const int NoSuchEntry = 2; // ENOENT

    private readonly Socket _socket = NativeNetlink.OpenNetfilter();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private uint _sequence;

    public ConntrackTable()
    {
        _socket.ReceiveTimeout = 5000;
        _socket.ReceiveBufferSize = 4 * 1024 * 1024;
    }

    /// <summary>Calls <paramref name="take"/> with every flow that has ports.</summary>
    /// <exception cref="SocketException">The dump overran the socket's buffer, or no answer came within 5 s.</exception>
    public void Read(Action<ConntrackFlow> take)
    {
        Send(GetMessage, FlagRequest | FlagDump, FamilyUnspecified, []);
        Receive((type, payload) =>
        {
            if (type >> 8 == 1 && ConntrackMessage.TryParse(payload, out var flow, out _))
            {
                take(flow);
            }
        });
    }

    /// <summary>Deletes every flow that <paramref name="match"/> picks; returns how many were.</summary>
    /// <exception cref="Win32Exception">The kernel refused.</exception>
    /// <exception cref="SocketException">The dump overran the socket's buffer, or no answer came within 5 s.</exception>
    public int Delete(Func<ConntrackFlow, bool> match)
    {
        var selected = new List<(byte Family, byte[] Identity)>();
        Send(GetMessage, FlagRequest | FlagDump, FamilyUnspecified, []);
        Receive((type, payload) =>
        {
            if (type >> 8 == 1 && ConntrackMessage.TryParse(payload, out var flow, out var identity) && match(flow))
            {
                selected.Add((
                    flow.OriginalSource.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyIPv6 : FamilyIPv4, identity));
            }
        });

        var deleted = 0;
        foreach (var (family, identity) in selected)
        {
            Send(DeleteMessage, FlagRequest | FlagAck, family, identity);
            var error = Receive(static (_, _) => { });

            // A flow that ended by itself meanwhile is as good as deleted.
            if (error is not (0 or NoSuchEntry))
            {
                throw new Win32Exception(error, "deleting a tracked flow");
            }

            deleted++;
        }

        return deleted;
    }

    public void Dispose() => _socket.Dispose();

    private void Send(ushort type, ushort flags, byte family, ReadOnlySpan<byte> attributes)
    {
        var message = new byte[HeaderLength + attributes.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(8), ++_sequence);
        message[16] = family;
        attributes.CopyTo(message.AsSpan(HeaderLength));
        _socket.Send(message);
    }

    /// <summary>Reads until the end of a dump or an acknowledgement; returns the errno it carries, 0 for success.</summary>
    private int Receive(Action<ushort, ReadOnlyMemory<byte>> onMessage)
    {
        while (true)
        {
            var length = _socket.Receive(_buffer);
            for (var at = 0; at + 16 <= length;)
            {
                var size = (int)BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(at));
                if (size < 16 || at + size > length)
                {
                    break;
                }

                var type = BinaryPrimitives.ReadUInt16LittleEndian(_buffer.AsSpan(at + 4));
                var sequence = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(at + 8));
                if (sequence == _sequence)
                {
                    if (type is MessageError or MessageDone)
                    {
                        return size >= 20 ? -BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(at + 16)) : 0;
                    }

                    if (size >= HeaderLength)
                    {
                        onMessage(type, _buffer.AsMemory(at + HeaderLength, size - HeaderLength));
                    }
                }

                at += (size + 3) & ~3;
            }
        }
    }
}
