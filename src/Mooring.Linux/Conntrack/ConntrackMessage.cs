using System.Buffers.Binary;
using System.Net;

namespace Mooring.Linux.Conntrack;

/// <summary>Reads the attributes of one conntrack entry, within their bounds.</summary>
internal static class ConntrackMessage
{
    private const int TupleOriginal = 1;
    private const int TupleReply = 2;
    private const int ProtocolInfo = 4;
    private const int ProtocolInfoTcp = 1;
    private const int TcpState = 1;
    private const int Id = 12;
    private const int Zone = 18;
    private const int TypeMask = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER

    /// <param name="payload">Attributes behind the nfgenmsg header.</param>
    /// <param name="flow">The flow, when it is one with ports.</param>
    /// <param name="identity">The attributes that name the entry in a delete request.</param>
    public static bool TryParse(ReadOnlyMemory<byte> payload, out ConntrackFlow flow, out byte[] identity)
    {
        Tuple original = default, reply = default;
        byte state = 0;
        var name = new List<byte>(128);
        foreach (var (type, whole, value) in Attributes(payload))
        {
            switch (type)
            {
                case TupleOriginal:
                    original = Tuple.Parse(value);
                    name.AddRange(whole.Span);
                    break;
                case TupleReply:
                    reply = Tuple.Parse(value);
                    break;
                case ProtocolInfo:
                    state = StateOf(value);
                    break;
                case Id or Zone:
                    name.AddRange(whole.Span);
                    break;
                default:
                    break;
            }
        }

        identity = [.. name];
        if (!original.IsWhole || !reply.IsWhole)
        {
            flow = default;
            return false;
        }

        flow = new ConntrackFlow(
            original.Protocol,
            new IPEndPoint(original.Source!, original.SourcePort),
            new IPEndPoint(original.Destination!, original.DestinationPort),
            new IPEndPoint(reply.Source!, reply.SourcePort)) { TcpState = state };
        return true;
    }

    private static byte StateOf(ReadOnlyMemory<byte> protocolInfo)
    {
        foreach (var (type, _, tcp) in Attributes(protocolInfo))
        {
            foreach (var (field, _, value) in type == ProtocolInfoTcp ? Attributes(tcp) : [])
            {
                if (field == TcpState && value.Length >= 1)
                {
                    return value.Span[0];
                }
            }
        }

        return 0;
    }

    private static IEnumerable<(int Type, ReadOnlyMemory<byte> Whole, ReadOnlyMemory<byte> Value)> Attributes(
        ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span);
            var type = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[2..]) & TypeMask;
            if (length < 4 || length > bytes.Length)
            {
                yield break;
            }

            var aligned = Math.Min((length + 3) & ~3, bytes.Length);
            yield return (type, bytes[..aligned], bytes[4..length]);
            bytes = bytes[aligned..];
        }
    }

    private struct Tuple
    {
        public IPAddress? Source;
        public IPAddress? Destination;
        public byte Protocol;
        public ushort SourcePort;
        public ushort DestinationPort;
        private bool _ports;

        public readonly bool IsWhole => Source is not null && Destination is not null && _ports;

        public static Tuple Parse(ReadOnlyMemory<byte> value)
        {
            var tuple = default(Tuple);
            foreach (var (type, _, nested) in Attributes(value))
            {
                foreach (var (field, _, data) in Attributes(nested))
                {
                    tuple.Set(type, field, data.Span);
                }
            }

            return tuple;
        }

        private void Set(int group, int field, ReadOnlySpan<byte> data)
        {
            switch (group, field, data.Length)
            {
                case (1, 1, 4) or (1, 3, 16):
                    Source = new IPAddress(data);
                    break;
                case (1, 2, 4) or (1, 4, 16):
                    Destination = new IPAddress(data);
                    break;
                case (2, 1, >= 1):
                    Protocol = data[0];
                    break;
                case (2, 2, 2):
                    SourcePort = BinaryPrimitives.ReadUInt16BigEndian(data);
                    break;
                case (2, 3, 2):
                    DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(data);
                    _ports = true;
                    break;
                default:
                    break;
            }
        }
    }
}
