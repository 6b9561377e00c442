using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mooring.Linux.PacketSockets;

/// <summary>System calls and constants of packet(7), poll(2) and eventfd(2).</summary>
internal static partial class PacketCalls
{
    public const int SocketLevel = 1; // SOL_SOCKET
    public const int AttachFilter = 26; // SO_ATTACH_FILTER
    public const int ReceiveBufferForce = 33; // SO_RCVBUFFORCE
    public const int PacketLevel = 263; // SOL_PACKET
    public const int IgnoreOutgoing = 23; // PACKET_IGNORE_OUTGOING, Linux 4.20

    public const int EventCloseOnExecNonBlocking = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK
    public const short PollIn = 1; // POLLIN
    public const int Interrupted = 4; // EINTR

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial SafeFileHandle EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle descriptor, in ulong value, nuint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(Span<PollDescriptor> descriptors, nuint count, int timeoutMillis);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Count;
        public nint Instructions;
    }
}
