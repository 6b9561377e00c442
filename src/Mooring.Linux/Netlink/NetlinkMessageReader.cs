using System.Runtime.InteropServices;

namespace Mooring.Linux.Netlink;

/// <summary>Walks the messages of a netlink datagram (netlink(7), <c>struct nlmsghdr</c>, host byte order).</summary>
internal ref struct NetlinkMessageReader(ReadOnlySpan<byte> datagram)
{
    /// <summary>sizeof(struct nlmsghdr): length, type, flags, sequence, port.</summary>
    public const int HeaderLength = 16;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>True when the walk ended at a message that does not fit the datagram.</summary>
    public bool Malformed { get; private set; }

    public bool TryRead(out NetlinkMessage message)
    {
        message = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < HeaderLength)
        {
            Malformed = true;
            return false;
        }

        var length = MemoryMarshal.Read<uint>(_rest);
        if (length < HeaderLength || length > _rest.Length)
        {
            Malformed = true;
            return false;
        }

        message = new NetlinkMessage(
            MemoryMarshal.Read<ushort>(_rest[4..]),
            MemoryMarshal.Read<ushort>(_rest[6..]),
            MemoryMarshal.Read<uint>(_rest[8..]),
            _rest[HeaderLength..(int)length]);
        _rest = _rest[Math.Min(NetlinkAlignment.Up((int)length), _rest.Length)..];
        return true;
    }
}
