using System.Runtime.InteropServices;

namespace Mooring.Linux.Processes;

/// <summary>Sends signals to processes (kill(2)).</summary>
public static partial class ProcessSignal
{
    private const int NoSuchProcess = 3; // ESRCH

    /// <summary>Sends <paramref name="signal"/> to one process.</summary>
    /// <returns>False when there is no such process.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="pid"/> is not positive: kill(2) would take it for a group, or for every process.
    /// </exception>
    /// <exception cref="SystemCallException">The kernel refused, such as EPERM.</exception>
    public static bool Send(int pid, Signal signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (Kill(pid, (int)signal) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == NoSuchProcess
            ? false
            : throw SystemCallException.FromLastError($"kill {pid} {signal}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
