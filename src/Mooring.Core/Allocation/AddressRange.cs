using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>Addresses of one family from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct AddressRange(AddressFamily Family, UInt128 First, UInt128 Last) : IComparable<AddressRange>
{
    /// <summary>Number of addresses; the whole of IPv6 counts one less than it has.</summary>
    public UInt128 Count => Last - First == UInt128.MaxValue ? UInt128.MaxValue : Last - First + 1;

    public static AddressRange Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var number = AddressNumber.Of(address);
        return new AddressRange(address.AddressFamily, number, number);
    }

    /// <summary>Reads "10.70.0.0/24", "10.70.1.10-10.70.1.20" or a single address.</summary>
    /// <param name="text">The text.</param>
    /// <param name="range">The range.</param>
    /// <param name="problem">What is wrong with the text and how to write it, for people.</param>
    public static bool TryParse(string? text, out AddressRange range, [NotNullWhen(false)] out string? problem)
    {
        range = default;
        text ??= "";
        if (text.Contains('/', StringComparison.Ordinal))
        {
            return TryParseNetwork(text, out range, out problem);
        }

        var parts = text.Split('-', 2);
        problem = null;
        if (!TryParseAddress(parts[0], out var first) || !TryParseAddress(parts[^1], out var last))
        {
            problem = $"'{text}' is neither a CIDR nor a range; write 10.70.0.0/24, 10.70.1.10-10.70.1.20 or fd00::/120";
            return false;
        }

        if (first.AddressFamily != last.AddressFamily)
        {
            problem = $"'{text}' begins in one address family and ends in the other; write two ranges";
            return false;
        }

        range = new AddressRange(first.AddressFamily, AddressNumber.Of(first), AddressNumber.Of(last));
        if (range.First > range.Last)
        {
            problem = $"'{text}' ends before it begins; write {last}-{first}";
            return false;
        }

        return true;
    }

    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var number = AddressNumber.Of(address);
        return address.AddressFamily == Family && number >= First && number <= Last;
    }

    public bool Overlaps(AddressRange other) => Family == other.Family && First <= other.Last && other.First <= Last;

    /// <summary>IPv4 before IPv6, then by the first address.</summary>
    public int CompareTo(AddressRange other)
    {
        var family = Order(Family).CompareTo(Order(other.Family));
        return family != 0 ? family : First.CompareTo(other.First);
    }

    public static bool operator <(AddressRange left, AddressRange right) => left.CompareTo(right) < 0;

    public static bool operator >(AddressRange left, AddressRange right) => left.CompareTo(right) > 0;

    public static bool operator <=(AddressRange left, AddressRange right) => left.CompareTo(right) <= 0;

    public static bool operator >=(AddressRange left, AddressRange right) => left.CompareTo(right) >= 0;

    public override string ToString() => First == Last
        ? AddressNumber.ToAddress(Family, First).ToString()
        : $"{AddressNumber.ToAddress(Family, First)}-{AddressNumber.ToAddress(Family, Last)}";

    private static int Order(AddressFamily family) => family == AddressFamily.InterNetwork ? 0 : 1;

    private static bool TryParseNetwork(string text, out AddressRange range, [NotNullWhen(false)] out string? problem)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var bits = 0;
        if (!TryParseAddress(text[..slash], out var address)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > (bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
        {
            problem = $"'{text}' is not a CIDR; write an address and a length, such as 10.70.0.0/24 or fd00::/120";
            return false;
        }

        var hosts = length == 0 && bits == 128 ? UInt128.MaxValue : (UInt128.One << (bits - length)) - 1;
        var number = AddressNumber.Of(address);
        if ((number & hosts) != 0)
        {
            problem = $"'{text}' has bits beyond its length; write "
                + $"{AddressNumber.ToAddress(address.AddressFamily, number & ~hosts)}/{length}, or a range";
            return false;
        }

        problem = null;
        range = new AddressRange(address.AddressFamily, number, number | hosts);
        return true;
    }

    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        // IPAddress reads "10", "0x0a.1", "[fd00::1]:80" and zone indexes too, which people do not mean.
        if (IPAddress.TryParse(text, out address)
            && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text)
            && !text.AsSpan().ContainsAny("[]%")
            && !address.IsIPv4MappedToIPv6)
        {
            return true;
        }

        address = null;
        return false;
    }
}
