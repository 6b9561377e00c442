using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mooring.Linux.Conntrack;

/// <summary>Opens the netlink socket of a netfilter subsystem in the calling thread's network namespace.</summary>
internal static partial class NativeNetlink
{
    private const int AddressFamilyNetlink = 16;
    private const int SocketRaw = 3;
    private const int CloseOnExec = 0x80000;
    private const int NetlinkNetfilter = 12;

    public static Socket OpenNetfilter()
    {
        var descriptor = OpenSocket(AddressFamilyNetlink, SocketRaw | CloseOnExec, NetlinkNetfilter);
        return descriptor < 0
            ? throw new Win32Exception(Marshal.GetLastPInvokeError(), "socket(AF_NETLINK, NETLINK_NETFILTER)")
            : new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int domain, int type, int protocol);
}
