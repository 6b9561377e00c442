using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>
/// Elements to delete and to add, in the order of the calls, as netlink messages: one kernel transaction. Several elements of a
/// set share a message.
/// </summary>
/// <param name="table">The table of all sets.</param>
public sealed class NftablesBatch(string table)
{
    /// <summary>The length of a nested attribute has 16 bits.</summary>
    private const int LargestList = 60_000;

    private const int AttributeHeader = 4;
    private const ushort Nested = 0x8000; // NLA_F_NESTED
    private const uint First = 1;

    private readonly ArrayBufferWriter<byte> _bytes = new(4 * 1024);
    private readonly List<string> _messages = [];
    private (ushort Type, NftablesFamily Family, string Set) _open;
    private int _message = -1;
    private int _list;

    /// <summary>Elements deleted or added.</summary>
    public int Elements { get; private set; }

    public void Delete(NftablesFamily family, string set, ReadOnlySpan<byte> key)
    {
        Begin(NftablesConstants.DeleteElements, family, set, key.Length);
        EndElement(BeginElement(key));
    }

    /// <summary>Adds or deletes an element of an interval set of concatenated fields.</summary>
    /// <param name="add">False: delete.</param>
    /// <param name="family">Family of the table.</param>
    /// <param name="set">Name of the set.</param>
    /// <param name="first">Lower ends of the fields, padded to four bytes each.</param>
    /// <param name="last">Upper ends, within the interval.</param>
    public void Range(bool add, NftablesFamily family, string set, ReadOnlySpan<byte> first, ReadOnlySpan<byte> last)
    {
        Begin(add ? NftablesConstants.NewElements : NftablesConstants.DeleteElements, family, set, first.Length + last.Length);
        var element = BeginElement(first);
        var end = BeginNested(NftablesConstants.ElementKeyEnd);
        Put(NftablesConstants.DataValue, last);
        EndNested(end);
        EndElement(element);
    }

    /// <param name="family">Family of the table.</param>
    /// <param name="set">Name of the set or map.</param>
    /// <param name="key">Fields padded to four bytes each when there are several.</param>
    /// <param name="value">Value of a map's element; empty for sets.</param>
    public void Add(NftablesFamily family, string set, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Begin(NftablesConstants.NewElements, family, set, key.Length + value.Length);
        var element = BeginElement(key);
        if (!value.IsEmpty)
        {
            var data = BeginNested(NftablesConstants.ElementData);
            Put(NftablesConstants.DataValue, value);
            EndNested(data);
        }

        EndElement(element);
    }

    /// <summary>Adds an element whose verdict is to go to <paramref name="chain"/>.</summary>
    public void AddGoto(NftablesFamily family, string set, ReadOnlySpan<byte> key, string chain)
    {
        Begin(NftablesConstants.NewElements, family, set, key.Length + chain.Length);
        var element = BeginElement(key);
        var data = BeginNested(NftablesConstants.ElementData);
        var verdict = BeginNested(NftablesConstants.DataVerdict);
        Span<byte> code = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(code, NftablesConstants.VerdictGoto);
        Put(NftablesConstants.VerdictCode, code);
        Put(NftablesConstants.VerdictChain, Encoding.ASCII.GetBytes(chain + '\0'));
        EndNested(verdict);
        EndNested(data);
        EndElement(element);
    }

    /// <summary>The datagram; the sequence numbers of its messages count from 1 to <see cref="LastSequence"/>.</summary>
    internal ReadOnlySpan<byte> Finish()
    {
        Close(acknowledge: true);
        Boundary(NftablesConstants.BatchEnd);
        return _bytes.WrittenSpan;
    }

    /// <summary>Number of the last message, the one that is acknowledged.</summary>
    internal uint LastSequence => (uint)_messages.Count + First;

    /// <summary>What the message was to do, in words.</summary>
    internal string Describe(uint sequence) =>
        sequence > First && sequence - First <= _messages.Count ? _messages[(int)(sequence - First - 1)] : "the transaction";

    private void Begin(ushort type, NftablesFamily family, string set, int length)
    {
        if (_bytes.WrittenCount == 0)
        {
            Boundary(NftablesConstants.BatchBegin);
        }

        // Headers of up to six nested attributes, and padding.
        if (_open != (type, family, set) || _bytes.WrittenCount - _list + length + 40 > LargestList)
        {
            Close(acknowledge: false);
            _open = (type, family, set);
            _messages.Add($"{(type == NftablesConstants.NewElements ? "add elements to" : "delete elements of")} {set}");
            _message = _bytes.WrittenCount;
            Header(
                (ushort)((NetlinkConstants.SubsystemNftables << 8) | type),
                type == NftablesConstants.NewElements ? NetlinkConstants.Create : (ushort)0,
                (byte)family,
                resource: 0);
            Put(NftablesConstants.ListTable, Encoding.ASCII.GetBytes(table + '\0'));
            Put(NftablesConstants.ListSet, Encoding.ASCII.GetBytes(set + '\0'));
            _list = BeginNested(NftablesConstants.ListElements);
        }

        Elements++;
    }

    private void Close(bool acknowledge)
    {
        if (_message < 0)
        {
            return;
        }

        EndNested(_list);
        var header = At(_message);
        MemoryMarshal.Write(header, (uint)(_bytes.WrittenCount - _message));
        MemoryMarshal.Write(header[8..], LastSequence);
        if (acknowledge)
        {
            header[6] |= (byte)NetlinkConstants.RequestAcknowledged;
        }

        _message = -1;
        _open = default;
    }

    private void Boundary(ushort type)
    {
        var start = _bytes.WrittenCount;
        Header(type, flags: 0, family: 0, NetlinkConstants.SubsystemNftables);
        MemoryMarshal.Write(At(start), (uint)(_bytes.WrittenCount - start));
        MemoryMarshal.Write(At(start)[8..], type == NftablesConstants.BatchBegin ? First : LastSequence + 1);
    }

    /// <summary>struct nlmsghdr and struct nfgenmsg: family, version, resource (big-endian).</summary>
    private void Header(ushort type, ushort flags, byte family, ushort resource)
    {
        var header = _bytes.GetSpan(NetlinkMessageReader.HeaderLength + 4)[..(NetlinkMessageReader.HeaderLength + 4)];
        header.Clear();
        MemoryMarshal.Write(header[4..], type);
        MemoryMarshal.Write(header[6..], (ushort)(NetlinkConstants.RequestOnly | flags));
        header[16] = family;
        BinaryPrimitives.WriteUInt16BigEndian(header[18..], resource);
        _bytes.Advance(header.Length);
    }

    private int BeginElement(ReadOnlySpan<byte> key)
    {
        var element = BeginNested(NftablesConstants.ListElement);
        var nested = BeginNested(NftablesConstants.ElementKey);
        Put(NftablesConstants.DataValue, key);
        EndNested(nested);
        return element;
    }

    private void EndElement(int element) => EndNested(element);

    private int BeginNested(ushort type)
    {
        var start = _bytes.WrittenCount;
        MemoryMarshal.Write(_bytes.GetSpan(AttributeHeader)[2..], (ushort)(type | Nested));
        _bytes.Advance(AttributeHeader);
        return start;
    }

    private void EndNested(int start) => MemoryMarshal.Write(At(start), (ushort)(_bytes.WrittenCount - start));

    private void Put(ushort type, ReadOnlySpan<byte> value)
    {
        var length = NetlinkAlignment.Up(AttributeHeader + value.Length);
        var attribute = _bytes.GetSpan(length)[..length];
        attribute.Clear();
        MemoryMarshal.Write(attribute, (ushort)(AttributeHeader + value.Length));
        MemoryMarshal.Write(attribute[2..], type);
        value.CopyTo(attribute[AttributeHeader..]);
        _bytes.Advance(length);
    }

    /// <summary>What was written can be changed until the next message is.</summary>
    private Span<byte> At(int start) =>
        MemoryMarshal.AsMemory(_bytes.WrittenMemory)[start..].Span;
}
