using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>The string formats that are checked; an unknown format is only a note to the reader, as upstream.</summary>
internal static partial class SchemaFormats
{
    public static bool Matches(string format, string value) => format switch
    {
        "ipv4" => IsAddress(value, AddressFamily.InterNetwork),
        "ipv6" => IsAddress(value, AddressFamily.InterNetworkV6),
        "cidr" => IsCidr(value),
        "mac" => Mac().IsMatch(value),
        "date" => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" or "datetime" => DateTimePattern().IsMatch(value) && DateTimeOffset.TryParse(value.ToUpperInvariant(), CultureInfo.InvariantCulture, out _),
        "duration" => Duration().IsMatch(value),
        "uuid" => Guid.TryParseExact(value, "D", out _),
        "hostname" => value.Length is > 0 and <= 253 && Hostname().IsMatch(value),
        "uri" => Uri.TryCreate(value, UriKind.RelativeOrAbsolute, out var uri) && (uri.IsAbsoluteUri || value.StartsWith('/')),
        "email" => value.Count(c => c == '@') == 1 && value[0] != '@' && value[^1] != '@',
        "byte" => IsBase64(value),
        "quantity" => Quantity().IsMatch(value),
        _ => true,
    };

    private static bool IsAddress(string value, AddressFamily family) =>
        IPAddress.TryParse(value, out var address) && address.AddressFamily == family
        && (family == AddressFamily.InterNetworkV6 ? !value.Contains('%') && !value.Contains('[') : value.Count(c => c == '.') == 3);

    private static bool IsCidr(string value)
    {
        var slash = value.IndexOf('/');
        return slash > 0 && IPAddress.TryParse(value[..slash], out var address)
            && int.TryParse(value[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private static bool IsBase64(string value) => Convert.TryFromBase64String(value, new byte[(value.Length / 4 * 3) + 3], out _);

    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$")]
    private static partial Regex Mac();

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$")]
    private static partial Regex DateTimePattern();

    [GeneratedRegex(@"^[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$|^\d+ ?(ns|us|ms|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hour|hours|d|day|days|w|week|weeks)$")]
    private static partial Regex Duration();

    [GeneratedRegex("^([A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)(\\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*$")]
    private static partial Regex Hostname();

    [GeneratedRegex(@"^[+-]?(\d+(\.\d*)?|\.\d+)(([eE][+-]?\d+)|[numkMGTPE]|[KMGTPE]i)?$")]
    private static partial Regex Quantity();
}
