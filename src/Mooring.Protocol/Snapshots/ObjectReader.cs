using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;

namespace Mooring.Protocol.Snapshots;

/// <summary>Reads the fields of one object, and puts what is wrong with them on the list under the object's name.</summary>
internal sealed class ObjectReader(string owner, ProblemList problems)
{
    public string Owner => owner;

    public void Refuse(string field, string message) => problems.Add(owner, field, message);

    public string Name(string field, string value)
    {
        if (value.Length is 0 or > SnapshotLimits.MaxNameLength || value.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            Refuse(field, value.Length == 0
                ? "is empty"
                : $"must be 1 to {SnapshotLimits.MaxNameLength} printable characters without spaces");
        }

        return value;
    }

    public ushort Port(string field, uint value)
    {
        if (value is 0 or > ushort.MaxValue)
        {
            Refuse(field, $"{value} is not a port: use 1 to 65535");
            return 0;
        }

        return (ushort)value;
    }

    public int Number(string field, long value, int min, int max)
    {
        if (value < min || value > max)
        {
            Refuse(field, string.Create(CultureInfo.InvariantCulture, $"{value} is out of range: use {min} to {max}"));
            return min;
        }

        return (int)value;
    }

    public bool Count(string field, int count, int max)
    {
        if (count <= max)
        {
            return true;
        }

        Refuse(field, $"has {count} entries, more than the {max} supported");
        return false;
    }

    public TimeSpan Duration(string field, Duration? value, TimeSpan min, TimeSpan max)
    {
        if (value is null)
        {
            Refuse(field, "is missing");
            return min;
        }

        // Duration.ToTimeSpan throws on what is not normalized; a sender may send anything.
        var inRange = value.Seconds is >= -315_576_000_000L and <= 315_576_000_000L
            && value.Nanos is > -1_000_000_000 and < 1_000_000_000
            && (value.Seconds == 0 || value.Nanos == 0 || Math.Sign(value.Seconds) == Math.Sign(value.Nanos));
        var span = inRange ? value.ToTimeSpan() : TimeSpan.MinValue;
        if (span < min || span > max)
        {
            Refuse(field, $"must be {Text(min)} to {Text(max)}{(inRange ? $", not {Text(span)}" : "")}");
            return min;
        }

        return span;
    }

    /// <summary>A unicast address in its canonical form.</summary>
    public bool TryAddress(string field, string text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (!TryParse(text, out address))
        {
            Refuse(field, $"'{Shorten(text)}' is not an IP address");
            return false;
        }

        if (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast)
            || address.IsIPv6Multicast
            || (address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] >= 224))
        {
            Refuse(field, $"{address} is not a unicast address");
            address = null;
            return false;
        }

        return true;
    }

    public TCore Enumeration<TProto, TCore>(string field, TProto value, IReadOnlyDictionary<TProto, TCore> known)
        where TProto : struct, System.Enum
        where TCore : struct, System.Enum
    {
        if (known.TryGetValue(value, out var result))
        {
            return result;
        }

        Refuse(field, $"'{value}' is not known here: use one of {string.Join(", ", known.Keys)}");
        return default;
    }

    public static string Shorten(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static bool TryParse(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;

        // IPAddress takes "10.1", "0x0a000001" and zone indexes as well; the protocol does not.
        if (text.Length is 0 or > 45 || text.Contains('%') || !IPAddress.TryParse(text, out var parsed)
            || parsed.IsIPv4MappedToIPv6)
        {
            return false;
        }

        if (parsed.AddressFamily == AddressFamily.InterNetwork && parsed.ToString() != text)
        {
            return false;
        }

        address = parsed;
        return true;
    }

    private static string Text(TimeSpan span) => span.TotalMilliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.###}ms")
        : string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.###}s");
}
