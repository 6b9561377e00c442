using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>capset(2) on the thread that calls, and on no other.</summary>
internal static partial class ThreadCapabilities
{
    private const uint Version = 0x20080522; // _LINUX_CAPABILITY_VERSION_3
    private const uint NetAdmin = 1 << 12; // CAP_NET_ADMIN

    /// <summary>The thread cannot change anything of the network from now on, nor read what only those may who can.</summary>
    public static void DropNetAdmin()
    {
        var header = new Header { Version = Version };
        Span<Data> data = stackalloc Data[2];
        Check(Get(ref header, data));
        data[0].Effective &= ~NetAdmin;
        Check(Set(ref header, data));
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "capget", SetLastError = true)]
    private static partial int Get(ref Header header, Span<Data> data);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static partial int Set(ref Header header, Span<Data> data);

    /// <summary>struct __user_cap_header_struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;
        public int Pid;
    }

    /// <summary>struct __user_cap_data_struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Data
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
    }
}
