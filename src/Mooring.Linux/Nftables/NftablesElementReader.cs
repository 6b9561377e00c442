using System.Buffers.Binary;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>Takes the elements out of a message of a dump of a set (NFT_MSG_NEWSETELEM).</summary>
internal static class NftablesElementReader
{
    /// <param name="attributes">What follows the nfgenmsg header.</param>
    /// <param name="handle">Called for each element with a key.</param>
    public static void Read(ReadOnlySpan<byte> attributes, NftablesElements.ElementHandler handle)
    {
        var list = Find(attributes, NftablesConstants.ListElements);
        var elements = new NetlinkAttributeReader(list);
        while (elements.TryRead(out var type, out var value))
        {
            if (type == NftablesConstants.ListElement)
            {
                var element = Parse(value);
                if (!element.Key.IsEmpty)
                {
                    handle(element);
                }
            }
        }
    }

    private static NftablesElement Parse(ReadOnlySpan<byte> element)
    {
        var data = Find(element, NftablesConstants.ElementData);
        var counter = Find(Find(element, NftablesConstants.ElementExpression), NftablesConstants.ExpressionData);
        return new NftablesElement
        {
            Key = Find(Find(element, NftablesConstants.ElementKey), NftablesConstants.DataValue),
            KeyEnd = Find(Find(element, NftablesConstants.ElementKeyEnd), NftablesConstants.DataValue),
            Value = Find(data, NftablesConstants.DataValue),
            ChainBytes = Find(Find(data, NftablesConstants.DataVerdict), NftablesConstants.VerdictChain),
            Packets = Number(Find(counter, NftablesConstants.CounterPackets)),
            Bytes = Number(Find(counter, NftablesConstants.CounterBytes)),
        };
    }

    /// <summary>Value of the first attribute of that type; empty when there is none.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort wanted)
    {
        var reader = new NetlinkAttributeReader(attributes);
        while (reader.TryRead(out var type, out var value))
        {
            if (type == wanted)
            {
                return value;
            }
        }

        return default;
    }

    private static long Number(ReadOnlySpan<byte> value) =>
        value.Length == sizeof(long) ? BinaryPrimitives.ReadInt64BigEndian(value) : 0;
}
