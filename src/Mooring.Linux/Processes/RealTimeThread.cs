using System.Runtime.InteropServices;

namespace Mooring.Linux.Processes;

/// <summary>
/// Puts the calling thread into the real-time class (sched(7), SCHED_RR) at its lowest priority, so that it runs
/// before every ordinary thread of the machine however busy that is. For threads that do little and wait most of the
/// time; <see cref="Thread.Priority"/> does nothing on Linux.
/// </summary>
public static partial class RealTimeThread
{
    private const int RoundRobin = 2; // SCHED_RR, uapi/linux/sched.h
    private const int ResetOnFork = 0x40000000; // SCHED_RESET_ON_FORK: threads that this one starts are ordinary
    private const int LowestPriority = 1;

    /// <returns>False when the kernel refuses: it needs CAP_SYS_NICE, or RLIMIT_RTPRIO.</returns>
    public static bool TryEnter()
    {
        var parameters = new SchedulingParameters { Priority = LowestPriority };
        return SetScheduler(0, RoundRobin | ResetOnFork, in parameters) == 0; // 0: the calling thread
    }

    /// <summary>Whether the calling thread is in the real-time class.</summary>
    public static bool IsEntered => (GetScheduler(0) & ~ResetOnFork) == RoundRobin;

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, in SchedulingParameters parameters);

    [LibraryImport("libc", EntryPoint = "sched_getscheduler", SetLastError = true)]
    private static partial int GetScheduler(int thread);

    /// <summary>struct sched_param of sched.h.</summary>
    private struct SchedulingParameters
    {
        public int Priority;
    }
}
