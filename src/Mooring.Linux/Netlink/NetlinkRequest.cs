using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Mooring.Linux.Netlink;

/// <summary>Writes one request: header, a struct of the message type, attributes (<c>struct nlattr</c>).</summary>
internal sealed class NetlinkRequest
{
    private const int AttributeHeaderLength = 4;
    private const ushort Nested = 0x8000; // NLA_F_NESTED

    private readonly byte[] _bytes = new byte[512];
    private int _length;

    /// <param name="type">Message type.</param>
    /// <param name="flags">Beside those of every acknowledged request.</param>
    /// <param name="body">The struct that comes before the attributes.</param>
    /// <param name="what">What is asked for, for the message of a refusal.</param>
    public NetlinkRequest(ushort type, ushort flags, ReadOnlySpan<byte> body, string what)
    {
        What = what;
        MemoryMarshal.Write(_bytes.AsSpan(4), type);
        MemoryMarshal.Write(_bytes.AsSpan(6), (ushort)(NetlinkConstants.RequestAcknowledged | flags));
        body.CopyTo(_bytes.AsSpan(NetlinkMessageReader.HeaderLength));
        _length = NetlinkMessageReader.HeaderLength + NetlinkAlignment.Up(body.Length);
    }

    public string What { get; }

    public NetlinkRequest Put(ushort type, ReadOnlySpan<byte> value)
    {
        MemoryMarshal.Write(_bytes.AsSpan(_length), (ushort)(AttributeHeaderLength + value.Length));
        MemoryMarshal.Write(_bytes.AsSpan(_length + 2), type);
        value.CopyTo(_bytes.AsSpan(_length + AttributeHeaderLength));
        _length += NetlinkAlignment.Up(AttributeHeaderLength + value.Length);
        return this;
    }

    public NetlinkRequest Put(ushort type, byte value) => Put(type, [value]);

    public NetlinkRequest Put(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, value);
        return Put(type, bytes);
    }

    public NetlinkRequest PutBigEndian(ushort type, ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Put(type, bytes);
    }

    public NetlinkRequest Put(ushort type, string text) => Put(type, Encoding.ASCII.GetBytes(text + '\0'));

    public NetlinkRequest Put(ushort type, IPAddress address) => Put(type, address.GetAddressBytes());

    public NetlinkRequest PutNested(ushort type, Action<NetlinkRequest> content)
    {
        var start = _length;
        _length += AttributeHeaderLength;
        content(this);
        MemoryMarshal.Write(_bytes.AsSpan(start), (ushort)(_length - start));
        MemoryMarshal.Write(_bytes.AsSpan(start + 2), (ushort)(type | Nested));
        return this;
    }

    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        MemoryMarshal.Write(_bytes, (uint)_length);
        MemoryMarshal.Write(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }
}
