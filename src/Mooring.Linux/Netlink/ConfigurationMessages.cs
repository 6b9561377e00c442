using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Mooring.Linux.Netlink;

/// <summary>Reads rules, routes and neighbours from the bodies of netlink messages; null for what is not asked for.</summary>
internal static class ConfigurationMessages
{
    private const int HeaderLength = 12; // fib_rule_hdr, rtmsg and ndmsg alike

    public static PolicyRule? ReadRule(ReadOnlySpan<byte> body, byte protocol)
    {
        if (body.Length < HeaderLength || FamilyOf(body[0]) is not { } family)
        {
            return null;
        }

        uint table = body[4], priority = 0, mark = 0;
        var output = "";
        var ours = false;
        var attributes = new NetlinkAttributeReader(body[HeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.RuleProtocol:
                    ours = value.Length > 0 && value[0] == protocol;
                    break;
                case NetlinkConstants.RulePriority:
                    priority = ReadUInt32(value);
                    break;
                case NetlinkConstants.RuleTable:
                    table = ReadUInt32(value);
                    break;
                case NetlinkConstants.RuleMark:
                    mark = ReadUInt32(value);
                    break;
                case NetlinkConstants.RuleOutputInterface:
                    output = Encoding.ASCII.GetString(value).TrimEnd('\0');
                    break;
            }
        }

        return ours ? new PolicyRule(family, priority, mark, output, table) : null;
    }

    public static TableRoute? ReadRoute(ReadOnlySpan<byte> body, byte protocol)
    {
        if (body.Length < HeaderLength || FamilyOf(body[0]) is not { } family || body[1] != 0 || body[5] != protocol)
        {
            return null;
        }

        uint table = body[4];
        var index = 0;
        IPAddress? gateway = null;
        var attributes = new NetlinkAttributeReader(body[HeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.RouteTable:
                    table = ReadUInt32(value);
                    break;
                case NetlinkConstants.RouteOutputInterface:
                    index = (int)ReadUInt32(value);
                    break;
                case NetlinkConstants.RouteGateway:
                    gateway = ReadAddress(value);
                    break;
            }
        }

        return new TableRoute(family, table, gateway, index);
    }

    public static LinkNeighbour? ReadNeighbour(ReadOnlySpan<byte> body)
    {
        if (body.Length < HeaderLength || FamilyOf(body[0]) is null
            || (MemoryMarshal.Read<ushort>(body[8..]) & NetlinkConstants.NeighbourPermanent) == 0)
        {
            return null;
        }

        return Read(body, out var address, out var mac) ? new LinkNeighbour(MemoryMarshal.Read<int>(body[4..]), address!, mac!) : null;
    }

    public static TunnelEntry? ReadTunnelEntry(ReadOnlySpan<byte> body) =>
        body.Length >= HeaderLength && body[0] == NetlinkConstants.FamilyBridge && Read(body, out var remote, out var mac)
            ? new TunnelEntry(MemoryMarshal.Read<int>(body[4..]), mac!, remote!)
            : null;

    private static bool Read(ReadOnlySpan<byte> body, out IPAddress? address, out PhysicalAddress? mac)
    {
        (address, mac) = (null, null);
        var attributes = new NetlinkAttributeReader(body[HeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.NeighbourDestination:
                    address = ReadAddress(value);
                    break;
                case NetlinkConstants.NeighbourLinkAddress:
                    mac = new PhysicalAddress(value.ToArray());
                    break;
            }
        }

        return address is not null && mac is not null;
    }

    private static AddressFamily? FamilyOf(byte family) => family switch
    {
        NetlinkConstants.FamilyIPv4 => AddressFamily.InterNetwork,
        NetlinkConstants.FamilyIPv6 => AddressFamily.InterNetworkV6,
        _ => null,
    };

    private static IPAddress? ReadAddress(ReadOnlySpan<byte> value) => value.Length is 4 or 16 ? new IPAddress(value) : null;

    private static uint ReadUInt32(ReadOnlySpan<byte> value) =>
        value.Length >= sizeof(uint) ? MemoryMarshal.Read<uint>(value) : 0;
}
