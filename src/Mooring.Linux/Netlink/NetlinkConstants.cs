namespace Mooring.Linux.Netlink;

/// <summary>Numbers of netlink(7) and rtnetlink(7), from linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h, if.h.</summary>
internal static class NetlinkConstants
{
    public const int FamilyNetlink = 16; // AF_NETLINK
    public const int SocketRawCloseOnExec = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    public const int LevelNetlink = 270; // SOL_NETLINK
    public const int AddMembership = 1; // NETLINK_ADD_MEMBERSHIP
    public const int GroupLink = 1; // RTNLGRP_LINK
    public const int GroupIPv4Address = 5; // RTNLGRP_IPV4_IFADDR
    public const int GroupIPv4Route = 7; // RTNLGRP_IPV4_ROUTE
    public const int GroupIPv6Address = 9; // RTNLGRP_IPV6_IFADDR
    public const int GroupIPv6Route = 11; // RTNLGRP_IPV6_ROUTE

    public const int GroupIPv6Configuration = 25; // RTNLGRP_IPV6_NETCONF

    public const ushort MessageError = 2; // NLMSG_ERROR
    public const ushort MessageDone = 3; // NLMSG_DONE
    public const ushort NewLink = 16; // RTM_NEWLINK
    public const ushort GetLink = 18; // RTM_GETLINK
    public const ushort NewAddress = 20; // RTM_NEWADDR
    public const ushort GetAddress = 22; // RTM_GETADDR
    public const ushort NewRoute = 24; // RTM_NEWROUTE
    public const ushort GetRoute = 26; // RTM_GETROUTE

    public const ushort RequestDump = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
    public const ushort DumpInterrupted = 0x10; // NLM_F_DUMP_INTR

    public const uint LinkUp = 0x1; // IFF_UP
    public const uint LinkLoopback = 0x8; // IFF_LOOPBACK
    public const uint LinkNoArp = 0x80; // IFF_NOARP
    public const uint LinkLowerUp = 0x10000; // IFF_LOWER_UP: carrier
    public const ushort HardwareEthernet = 1; // ARPHRD_ETHER

    public const byte OperationalUnknown = 0; // IF_OPER_UNKNOWN: the driver does not say, as veth long did
    public const byte OperationalUp = 6; // IF_OPER_UP

    public const ushort LinkAddress = 1; // IFLA_ADDRESS
    public const ushort LinkName = 3; // IFLA_IFNAME
    public const ushort LinkMtu = 4; // IFLA_MTU
    public const ushort LinkParent = 5; // IFLA_LINK
    public const ushort LinkMaster = 10; // IFLA_MASTER
    public const ushort LinkOperationalState = 16; // IFLA_OPERSTATE
    public const ushort LinkInformation = 18; // IFLA_LINKINFO
    public const ushort LinkInformationKind = 1; // IFLA_INFO_KIND
    public const ushort LinkFamilies = 26; // IFLA_AF_SPEC: by address family
    public const ushort LinkIPv6Configuration = 2; // IFLA_INET6_CONF: array of int32
    public const int IPv6ForwardingIndex = 0; // DEVCONF_FORWARDING

    public const ushort AddressPrefix = 1; // IFA_ADDRESS: the peer's on a point-to-point link
    public const ushort AddressLocal = 2; // IFA_LOCAL

    public const ushort RouteOutputInterface = 4; // RTA_OIF
    public const ushort RouteGateway = 5; // RTA_GATEWAY
    public const ushort RoutePriority = 6; // RTA_PRIORITY
    public const ushort RouteMultipath = 9; // RTA_MULTIPATH
    public const ushort RouteTable = 15; // RTA_TABLE
    public const uint TableMain = 254; // RT_TABLE_MAIN
    public const byte RouteUnicast = 1; // RTN_UNICAST

    public const byte FamilyIPv4 = 2; // AF_INET
    public const byte FamilyIPv6 = 10; // AF_INET6
}
