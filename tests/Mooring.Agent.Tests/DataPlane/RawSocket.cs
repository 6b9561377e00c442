using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>raw(7) for any protocol: <see cref="Socket"/> takes only those it has a name for.</summary>
internal static partial class RawSocket
{
    private const int Raw = 3; // SOCK_RAW
    private const int CloseOnExec = 0x80000; // SOCK_CLOEXEC

    public static Socket Open(AddressFamily family, int protocol)
    {
        var descriptor = OpenDescriptor(family == AddressFamily.InterNetwork ? 2 : 10, Raw | CloseOnExec, protocol);
        return descriptor < 0
            ? throw new Win32Exception(Marshal.GetLastPInvokeError())
            : new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial nint OpenDescriptor(int family, int type, int protocol);
}
