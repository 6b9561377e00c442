using System.Net;
using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Text;

namespace Mooring.Linux.Netlink;

/// <summary>
/// Reads the bodies of rtnetlink messages. A body that is cut short or lacks what is needed gives null: the kernel's
/// word is not trusted to be whole.
/// </summary>
internal static class RouteMessages
{
    private const int LinkHeaderLength = 16; // struct ifinfomsg
    private const int AddressHeaderLength = 8; // struct ifaddrmsg
    private const int RouteHeaderLength = 12; // struct rtmsg
    private const int NextHopHeaderLength = 8; // struct rtnexthop

    /// <summary>A link, without its addresses.</summary>
    public static LinkState? ReadLink(ReadOnlySpan<byte> body)
    {
        if (body.Length < LinkHeaderLength)
        {
            return null;
        }

        var hardware = MemoryMarshal.Read<ushort>(body[2..]);
        var index = MemoryMarshal.Read<int>(body[4..]);
        var flags = MemoryMarshal.Read<uint>(body[8..]);
        string name = "", kind = "";
        var mac = PhysicalAddress.None;
        int mtu = 0, master = 0, parent = 0;
        var forwardsIPv6 = false;
        var operational = NetlinkConstants.OperationalUnknown;
        var attributes = new NetlinkAttributeReader(body[LinkHeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.LinkName:
                    name = ReadText(value);
                    break;
                case NetlinkConstants.LinkAddress:
                    mac = new PhysicalAddress(value.ToArray());
                    break;
                case NetlinkConstants.LinkMtu:
                    mtu = ReadInt32(value);
                    break;
                case NetlinkConstants.LinkMaster:
                    master = ReadInt32(value);
                    break;
                case NetlinkConstants.LinkParent:
                    parent = ReadInt32(value);
                    break;
                case NetlinkConstants.LinkOperationalState when value.Length >= 1:
                    operational = value[0];
                    break;
                case NetlinkConstants.LinkInformation:
                    kind = ReadKind(value);
                    break;
                case NetlinkConstants.LinkFamilies:
                    forwardsIPv6 = ReadForwardsIPv6(value);
                    break;
            }
        }

        if (index <= 0 || name.Length == 0)
        {
            return null;
        }

        const uint up = NetlinkConstants.LinkUp | NetlinkConstants.LinkLowerUp;
        return new LinkState
        {
            Index = index,
            Name = name,
            Mac = mac,
            Up = (flags & up) == up
                && operational is NetlinkConstants.OperationalUp or NetlinkConstants.OperationalUnknown,
            SpeaksArp = hardware == NetlinkConstants.HardwareEthernet
                && (flags & (NetlinkConstants.LinkLoopback | NetlinkConstants.LinkNoArp)) == 0
                && mac.GetAddressBytes().Length == 6,
            Mtu = mtu,
            MasterIndex = master,
            ParentIndex = parent,
            Kind = kind,
            ForwardsIPv6 = forwardsIPv6,
        };
    }

    public static (int InterfaceIndex, LinkAddress Address)? ReadAddress(ReadOnlySpan<byte> body)
    {
        if (body.Length < AddressHeaderLength)
        {
            return null;
        }

        var family = body[0];
        int prefixLength = body[1];
        var index = MemoryMarshal.Read<int>(body[4..]);
        IPAddress? prefix = null, local = null;
        var attributes = new NetlinkAttributeReader(body[AddressHeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.AddressPrefix:
                    prefix = ReadIPAddress(family, value);
                    break;
                case NetlinkConstants.AddressLocal:
                    local = ReadIPAddress(family, value);
                    break;
            }
        }

        var address = local ?? prefix;
        prefix ??= local;
        if (index <= 0 || address is null || prefix is null || prefixLength > prefix.GetAddressBytes().Length * 8)
        {
            return null;
        }

        return (index, new LinkAddress(address, SubnetOf(prefix, prefixLength)));
    }

    /// <summary>Adds the gateways of the route, if it is a default route of the main table.</summary>
    public static void ReadDefaultGateways(ReadOnlySpan<byte> body, List<DefaultGateway> gateways)
    {
        // family, destination length, source length, TOS, table, protocol, scope, type, flags
        if (body.Length < RouteHeaderLength || body[1] != 0 || body[7] != NetlinkConstants.RouteUnicast)
        {
            return;
        }

        var family = body[0];
        uint table = body[4], metric = 0;
        var interfaceIndex = 0;
        IPAddress? gateway = null;
        ReadOnlySpan<byte> nextHops = default;
        var attributes = new NetlinkAttributeReader(body[RouteHeaderLength..]);
        while (attributes.TryRead(out var type, out var value))
        {
            switch (type)
            {
                case NetlinkConstants.RouteTable:
                    table = (uint)ReadInt32(value);
                    break;
                case NetlinkConstants.RoutePriority:
                    metric = (uint)ReadInt32(value);
                    break;
                case NetlinkConstants.RouteOutputInterface:
                    interfaceIndex = ReadInt32(value);
                    break;
                case NetlinkConstants.RouteGateway:
                    gateway = ReadIPAddress(family, value);
                    break;
                case NetlinkConstants.RouteMultipath:
                    nextHops = value;
                    break;
            }
        }

        if (table != NetlinkConstants.TableMain)
        {
            return;
        }

        if (gateway is not null)
        {
            gateways.Add(new DefaultGateway(gateway, interfaceIndex, metric));
        }

        ReadNextHops(nextHops, family, metric, gateways);
    }

    /// <summary>Each is a <c>struct rtnexthop</c> (length, flags, hops, interface) and its own attributes.</summary>
    private static void ReadNextHops(
        ReadOnlySpan<byte> nextHops, byte family, uint metric, List<DefaultGateway> gateways)
    {
        while (nextHops.Length >= NextHopHeaderLength)
        {
            int length = MemoryMarshal.Read<ushort>(nextHops);
            if (length < NextHopHeaderLength || length > nextHops.Length)
            {
                return;
            }

            var interfaceIndex = MemoryMarshal.Read<int>(nextHops[4..]);
            var attributes = new NetlinkAttributeReader(nextHops[NextHopHeaderLength..length]);
            while (attributes.TryRead(out var type, out var value))
            {
                if (type == NetlinkConstants.RouteGateway && ReadIPAddress(family, value) is { } gateway)
                {
                    gateways.Add(new DefaultGateway(gateway, interfaceIndex, metric));
                }
            }

            nextHops = nextHops[Math.Min(NetlinkAlignment.Up(length), nextHops.Length)..];
        }
    }

    private static string ReadKind(ReadOnlySpan<byte> information)
    {
        var attributes = new NetlinkAttributeReader(information);
        while (attributes.TryRead(out var type, out var value))
        {
            if (type == NetlinkConstants.LinkInformationKind)
            {
                return ReadText(value);
            }
        }

        return "";
    }

    private static bool ReadForwardsIPv6(ReadOnlySpan<byte> families)
    {
        var attributes = new NetlinkAttributeReader(families);
        while (attributes.TryRead(out var family, out var value))
        {
            var configuration = new NetlinkAttributeReader(value);
            while (family == NetlinkConstants.FamilyIPv6 && configuration.TryRead(out var type, out var settings))
            {
                if (type == NetlinkConstants.LinkIPv6Configuration)
                {
                    var at = NetlinkConstants.IPv6ForwardingIndex * sizeof(int);
                    return settings.Length >= at + sizeof(int) && ReadInt32(settings[at..]) != 0;
                }
            }
        }

        return false;
    }

    private static IPNetwork SubnetOf(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefixLength - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }

    private static IPAddress? ReadIPAddress(byte family, ReadOnlySpan<byte> value) => (family, value.Length) switch
    {
        (NetlinkConstants.FamilyIPv4, 4) or (NetlinkConstants.FamilyIPv6, 16) => new IPAddress(value),
        _ => null,
    };

    private static int ReadInt32(ReadOnlySpan<byte> value)
        => value.Length >= sizeof(int) ? MemoryMarshal.Read<int>(value) : 0;

    private static string ReadText(ReadOnlySpan<byte> value)
    {
        var end = value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
    }
}
