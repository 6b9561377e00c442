using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

using static Mooring.Agent.DataPlane.Tables.ElementField;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The bytes of elements of our sets and maps, which the kernel takes by netlink, from and to the notation of
/// <see cref="TablePlan"/>. Fields of a concatenation take a multiple of four bytes each.
/// </summary>
/// <param name="Key">Fields of the key.</param>
/// <param name="Value">Fields of a map's value; none for a set.</param>
internal sealed record ElementLayout(ElementField[] Key, ElementField[] Value)
{
    public const int MaxBytes = 32;
    private const string Separator = " . ";
    private const string Goto = "goto ";

    private static readonly FrozenDictionary<string, ElementLayout> Known = new Dictionary<string, ElementLayout>
    {
        ["vips"] = new([IPv4], []),
        ["held"] = new([IPv4], []),
        ["local-backends"] = new([IPv4], []),
        ["tunnel-ends"] = new([IPv4], []),
        ["peers"] = new([MacAddress], []),
        ["services"] = new([IPv4, ProtocolName, Port], [Verdict]),
        ["endpoints-tcp"] = new([IPv4, Port, Slot], [IPv4, Port]),
        ["endpoints-udp"] = new([IPv4, Port, Slot], [IPv4, Port]),
        ["endpoints-sctp"] = new([IPv4, Port, Slot], [IPv4, Port]),
        ["holding"] = new([IPv4, ProtocolName, Port], []),
        ["served"] = new([IPv4, ProtocolName, Port], []),
        ["closed"] = new([IPv4, ProtocolName, Port], []),
        ["direct"] = new([IPv4, ProtocolName, Port], [Mark]),
        ["direct-icmp"] = new([IPv4, ProtocolNumber, Port], [Mark]),
        ["slots"] = new([Mark, Slot], [Mark]),
        ["slots-before1"] = new([Mark, Slot], [Mark]),
        ["slots-before2"] = new([Mark, Slot], [Mark]),
        ["slots-before3"] = new([Mark, Slot], [Mark]),
        ["nodes"] = new([Mark], [IPv4]),
    }.SelectMany(pair => (KeyValuePair<string, ElementLayout>[])
        [
            pair,
            KeyValuePair.Create(SixOf(pair.Key), new ElementLayout([.. pair.Value.Key.Select(SixOf)], [.. pair.Value.Value.Select(SixOf)])),
        ])
        .DistinctBy(pair => pair.Key).ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="family">Of the table.</param>
    /// <param name="set">One of our sets and maps.</param>
    public static ElementLayout Of(NftablesFamily family, string set) => Known[family == NftablesFamily.IPv6 ? SixOf(set) : set];

    /// <summary>Puts "key" or "key : value" into the batch.</summary>
    public void Add(NftablesBatch batch, NftablesFamily family, string set, ReadOnlySpan<char> element)
    {
        Span<byte> key = stackalloc byte[MaxBytes];
        Span<byte> value = stackalloc byte[MaxBytes];
        var colon = Value.Length == 0 ? -1 : element.IndexOf(" : ", StringComparison.Ordinal);
        var keyBytes = key[..Write(Key, colon < 0 ? element : element[..colon], key)];
        if (colon < 0)
        {
            batch.Add(family, set, keyBytes, []);
        }
        else if (Value[0] == Verdict)
        {
            batch.AddGoto(family, set, keyBytes, element[(colon + 3 + Goto.Length)..].ToString());
        }
        else
        {
            batch.Add(family, set, keyBytes, value[..Write(Value, element[(colon + 3)..], value)]);
        }
    }

    public void Delete(NftablesBatch batch, NftablesFamily family, string set, ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        batch.Delete(family, set, bytes[..Write(Key, key, bytes)]);
    }

    public string KeyOf(NftablesElement element) => Read(Key, element.Key);

    public string ValueOf(NftablesElement element) => Value[0] == Verdict ? element.Chain ?? "" : Read(Value, element.Value);

    private static string SixOf(string set) => set.Replace("endpoints-", "endpoints6-", StringComparison.Ordinal) is var name && name != set
        ? name
        : set + "6";

    private static ElementField SixOf(ElementField field) => field == IPv4 ? IPv6 : field;

    private static int Write(ElementField[] fields, ReadOnlySpan<char> text, Span<byte> bytes)
    {
        bytes.Clear();
        var (at, field) = (0, 0);
        foreach (var range in text.Split(Separator))
        {
            at += Write(fields[field++], text[range], bytes[at..]);
            at = fields.Length == 1 ? at : (at + 3) & ~3;
        }

        return at;
    }

    private static int Write(ElementField field, ReadOnlySpan<char> text, Span<byte> bytes)
    {
        switch (field)
        {
            case IPv4 or IPv6:
                IPAddress.Parse(text).TryWriteBytes(bytes, out var length);
                return length;
            case MacAddress:
                PhysicalAddress.Parse(text).GetAddressBytes().CopyTo(bytes);
                return 6;
            case ProtocolName:
                bytes[0] = (byte)TransportNames.Parse(text);
                return 1;
            case ProtocolNumber:
                bytes[0] = byte.Parse(text, CultureInfo.InvariantCulture);
                return 1;
            case Port:
                var port = ushort.Parse(text, CultureInfo.InvariantCulture);
                (bytes[0], bytes[1]) = ((byte)(port >> 8), (byte)port);
                return 2;
            case Slot:
                MemoryMarshal.Write(bytes, uint.Parse(text, CultureInfo.InvariantCulture));
                return 4;
            case Mark:
                MemoryMarshal.Write(bytes, DirectMarks.Parse(text));
                return 4;
            default:
                throw new ArgumentOutOfRangeException(nameof(field), field, "has no bytes");
        }
    }

    private static string Read(ElementField[] fields, ReadOnlySpan<byte> bytes)
    {
        var parts = new string[fields.Length];
        for (var field = 0; field < fields.Length; field++)
        {
            var length = fields[field] switch { IPv6 => 16, MacAddress => 6, _ => 4 };
            parts[field] = Read(fields[field], bytes[..Math.Min(length, bytes.Length)]);
            bytes = bytes[Math.Min(length, bytes.Length)..];
        }

        return string.Join(Separator, parts);
    }

    private static string Read(ElementField field, ReadOnlySpan<byte> bytes) => field switch
    {
        IPv4 or IPv6 => NftablesText.Of(new IPAddress(bytes)),
        MacAddress => NftablesText.Of(new PhysicalAddress(bytes.ToArray())),
        ProtocolName => TransportNames.Of((TransportProtocol)bytes[0]),
        ProtocolNumber => bytes[0].ToString(CultureInfo.InvariantCulture),
        Port => ((bytes[0] << 8) | bytes[1]).ToString(CultureInfo.InvariantCulture),
        Slot => MemoryMarshal.Read<uint>(bytes).ToString(CultureInfo.InvariantCulture),
        Mark => DirectMarks.Text(MemoryMarshal.Read<uint>(bytes)),
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "has no bytes"),
    };
}
