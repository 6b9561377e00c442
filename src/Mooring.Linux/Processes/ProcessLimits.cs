using System.Runtime.InteropServices;

namespace Mooring.Linux.Processes;

/// <summary>Bounds what a process may use (prlimit(2)).</summary>
public static partial class ProcessLimits
{
    private const int AddressSpace = 9; // RLIMIT_AS, asm-generic/resource.h

    /// <summary>Allocations of the process beyond this many bytes fail from now on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
    /// <exception cref="SystemCallException">There is no such process, or no right to limit it.</exception>
    public static void SetAddressSpace(int pid, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        var limit = new Limit { Soft = (ulong)bytes, Hard = (ulong)bytes };
        if (SetLimit(pid, AddressSpace, in limit, 0) != 0)
        {
            throw SystemCallException.FromLastError($"prlimit {pid} RLIMIT_AS");
        }
    }

    [LibraryImport("libc", EntryPoint = "prlimit64", SetLastError = true)]
    private static partial int SetLimit(int pid, int resource, in Limit newLimit, nint oldLimit);

    /// <summary>struct rlimit64.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
