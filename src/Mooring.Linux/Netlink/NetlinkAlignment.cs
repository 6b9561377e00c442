namespace Mooring.Linux.Netlink;

/// <summary>Messages and attributes begin at multiples of four bytes (NLMSG_ALIGNTO, NLA_ALIGNTO).</summary>
internal static class NetlinkAlignment
{
    public static int Up(int length) => (length + 3) & ~3;
}
