using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.DataPlane;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// An element of the table of source ranges: that a service is restricted, or that a range of clients may use it. In hexadecimal digits, as
/// the kernel has it: fields padded to four bytes each.
/// </summary>
/// <param name="Service">Address, protocol and port.</param>
/// <param name="First">Lowest address of the range; empty: the service is restricted.</param>
/// <param name="Last">Highest address of the range.</param>
internal readonly record struct SourceRangeElement(string Service, string First, string Last)
{
    private const int RestDigits = 16;
    private const int DigitsV6 = 32;

    /// <summary>The sets of the table.</summary>
    public static readonly string[] Sets = ["restricted", "restricted6", "allowed", "allowed6"];

    private string Set => (First.Length > 0 ? "allowed" : "restricted") + (Service.Length == DigitsV6 + RestDigits ? "6" : "");

    /// <summary>What the service needs; nothing when it is for everybody.</summary>
    public static IEnumerable<SourceRangeElement> Of(ForwardedService service)
    {
        if (service.SourceRanges is not { } ranges)
        {
            yield break;
        }

        Span<byte> rest = stackalloc byte[RestDigits / 2];
        rest.Clear();
        rest[0] = (byte)service.Protocol;
        BinaryPrimitives.WriteUInt16BigEndian(rest[4..], service.Port);
        var key = Convert.ToHexString(service.Address.GetAddressBytes()) + Convert.ToHexString(rest);
        yield return new SourceRangeElement(key, "", "");
        foreach (var range in ranges)
        {
            yield return new SourceRangeElement(key, Convert.ToHexString(range.BaseAddress.GetAddressBytes()), Convert.ToHexString(LastOf(range)));
        }
    }

    /// <summary>An element of one of <see cref="Sets"/> as it was read.</summary>
    public static SourceRangeElement Of(string set, NftablesElement element)
    {
        var key = Convert.ToHexString(element.Key);
        if (set.StartsWith("restricted", StringComparison.Ordinal))
        {
            return new SourceRangeElement(key, "", "");
        }

        var service = key.Length - ((key.Length - RestDigits) / 2);
        var end = element.KeyEnd.IsEmpty ? key : Convert.ToHexString(element.KeyEnd);
        return new SourceRangeElement(key[..service], key[service..], end[service..]);
    }

    public void Put(NftablesBatch batch, bool add)
    {
        var first = Convert.FromHexString(Service + First);
        if (First.Length > 0)
        {
            batch.Range(add, NftablesFamily.Inet, Set, first, Convert.FromHexString(Service + Last));
        }
        else if (add)
        {
            batch.Add(NftablesFamily.Inet, Set, first, []);
        }
        else
        {
            batch.Delete(NftablesFamily.Inet, Set, first);
        }
    }

    private static byte[] LastOf(IPNetwork range)
    {
        var bytes = range.BaseAddress.GetAddressBytes();
        for (var bit = range.PrefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return bytes;
    }
}
