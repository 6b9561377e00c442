namespace Mooring.Linux.Netlink;

/// <summary>Numbers of netlink(7) and rtnetlink(7), from linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h, if.h.</summary>
internal static class NetlinkConstants
{
    public const int FamilyNetlink = 16; // AF_NETLINK
    public const int SocketRawCloseOnExec = 3 | 0x80000; // SOCK_RAW | SOCK_CLOEXEC
    public const int LevelNetlink = 270; // SOL_NETLINK
    public const int LevelSocket = 1; // SOL_SOCKET
    public const int ReceiveBufferForce = 33; // SO_RCVBUFFORCE
    public const int SendBufferForce = 32; // SO_SNDBUFFORCE
    public const int CapAcknowledgements = 10; // NETLINK_CAP_ACK
    public const int ExtendedAcknowledgements = 11; // NETLINK_EXT_ACK
    public const int AddMembership = 1; // NETLINK_ADD_MEMBERSHIP
    public const int DropMembership = 2; // NETLINK_DROP_MEMBERSHIP
    public const int ProtocolNetfilter = 12; // NETLINK_NETFILTER
    public const int GroupNftables = 7; // NFNLGRP_NFTABLES
    public const int SubsystemNftables = 10; // NFNL_SUBSYS_NFTABLES
    public const int GroupIPv4Rule = 8; // RTNLGRP_IPV4_RULE
    public const int GroupIPv6Rule = 19; // RTNLGRP_IPV6_RULE
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

    public const ushort DeleteLink = 17; // RTM_DELLINK
    public const ushort DeleteRoute = 25; // RTM_DELROUTE
    public const ushort NewNeighbour = 28; // RTM_NEWNEIGH
    public const ushort DeleteNeighbour = 29; // RTM_DELNEIGH
    public const ushort GetNeighbour = 30; // RTM_GETNEIGH
    public const ushort NewRule = 32; // RTM_NEWRULE
    public const ushort DeleteRule = 33; // RTM_DELRULE
    public const ushort GetRule = 34; // RTM_GETRULE

    public const ushort RequestDump = 0x301; // NLM_F_REQUEST | NLM_F_DUMP
    public const ushort RequestAcknowledged = 0x5; // NLM_F_REQUEST | NLM_F_ACK
    public const ushort RequestOnly = 0x1; // NLM_F_REQUEST
    public const ushort Dump = 0x300; // NLM_F_DUMP
    public const ushort Create = 0x400; // NLM_F_CREATE
    public const ushort CreateOrReplace = 0x500; // NLM_F_CREATE | NLM_F_REPLACE
    public const ushort CreateExclusively = 0x600; // NLM_F_CREATE | NLM_F_EXCL
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

    public const ushort LinkInformationData = 2; // IFLA_INFO_DATA
    public const ushort VxlanIdentifier = 1; // IFLA_VXLAN_ID
    public const ushort VxlanLearning = 7; // IFLA_VXLAN_LEARNING
    public const ushort VxlanPort = 15; // IFLA_VXLAN_PORT

    public const ushort AddressPrefix = 1; // IFA_ADDRESS: the peer's on a point-to-point link
    public const ushort AddressLocal = 2; // IFA_LOCAL

    public const ushort RouteOutputInterface = 4; // RTA_OIF
    public const ushort RouteGateway = 5; // RTA_GATEWAY
    public const ushort RoutePriority = 6; // RTA_PRIORITY
    public const ushort RouteMultipath = 9; // RTA_MULTIPATH
    public const ushort RouteTable = 15; // RTA_TABLE
    public const uint TableMain = 254; // RT_TABLE_MAIN
    public const byte RouteUnicast = 1; // RTN_UNICAST

    public const byte ScopeUniverse = 0; // RT_SCOPE_UNIVERSE
    public const byte ScopeLink = 253; // RT_SCOPE_LINK
    public const uint NextHopOnLink = 4; // RTNH_F_ONLINK

    public const ushort RulePriority = 6; // FRA_PRIORITY
    public const ushort RuleMark = 10; // FRA_FWMARK
    public const ushort RuleTable = 15; // FRA_TABLE
    public const ushort RuleMarkMask = 16; // FRA_FWMASK
    public const ushort RuleOutputInterface = 17; // FRA_OIFNAME
    public const ushort RuleProtocol = 21; // FRA_PROTOCOL
    public const byte RuleToTable = 1; // FR_ACT_TO_TBL

    public const ushort NeighbourDestination = 1; // NDA_DST
    public const ushort NeighbourLinkAddress = 2; // NDA_LLADDR
    public const ushort NeighbourPermanent = 0x80; // NUD_PERMANENT
    public const ushort NeighbourNoArp = 0x40; // NUD_NOARP
    public const byte NeighbourSelf = 0x02; // NTF_SELF

    public const byte FamilyBridge = 7; // AF_BRIDGE
    public const byte FamilyIPv4 = 2; // AF_INET
    public const byte FamilyIPv6 = 10; // AF_INET6
}
