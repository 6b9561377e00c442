using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>Values in nft's notation.</summary>
internal static class NftablesText
{
    /// <summary>
    /// The address as nft reads it. .NET writes the end of some IPv6 addresses as dotted decimals (ISATAP, RFC 5214), which
    /// nft 1.0.6 does not take: those are written out in full.
    /// </summary>
    public static string Of(IPAddress address)
    {
        var text = address.ToString();
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || !text.Contains('.', StringComparison.Ordinal))
        {
            return text;
        }

        var bytes = address.GetAddressBytes();
        return string.Join(':', Enumerable.Range(0, 8).Select(
            group => ((bytes[2 * group] << 8) | bytes[(2 * group) + 1]).ToString("x", CultureInfo.InvariantCulture)));
    }

    public static string Of(PhysicalAddress mac) =>
        string.Join(':', mac.GetAddressBytes().Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));

    /// <summary>address . port</summary>
    public static string Of(IPAddress address, int port) => $"{Of(address)} . {port}";
}
