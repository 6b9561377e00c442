using System.Runtime.InteropServices;

namespace Mooring.Linux.Netlink;

/// <summary>
/// Walks type-length-value attributes (<c>struct nlattr</c>). It ends quietly at one that does not fit: what came
/// before is used, and what the caller needs and did not get makes it drop the message.
/// </summary>
internal ref struct NetlinkAttributeReader(ReadOnlySpan<byte> attributes)
{
    private const int HeaderLength = 4;
    private const ushort TypeMask = 0x3FFF; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER

    private ReadOnlySpan<byte> _rest = attributes;

    public bool TryRead(out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_rest.Length < HeaderLength)
        {
            return false;
        }

        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < HeaderLength || length > _rest.Length)
        {
            return false;
        }

        type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & TypeMask);
        value = _rest[HeaderLength..length];
        _rest = _rest[Math.Min(NetlinkAlignment.Up(length), _rest.Length)..];
        return true;
    }
}
