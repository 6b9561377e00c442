using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mooring.Linux.Namespaces;

/// <summary>System calls for network namespaces; constants from linux/sched.h, sys/mount.h, asm-generic/fcntl.h.</summary>
internal static partial class NamespaceCalls
{
    public const int CloneNewNetwork = 0x40000000;

    public const nuint MountBind = 0x1000;
    public const nuint MountRecursive = 0x4000;
    public const nuint MountShared = 0x100000;
    public const int UnmountDetach = 2;

    public const int OpenReadOnly = 0;
    public const int OpenCloseOnExec = 0x80000;

    public const int LockExclusive = 2;

    public const int InvalidArgument = 22; // EINVAL

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(SafeFileHandle descriptor, int type);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string type, nuint flags, nint data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle descriptor, int operation);
}
