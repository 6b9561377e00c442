namespace Mooring.Linux.Processes;

/// <summary>Signals that we send, with their numbers on x86-64 and arm64 (signal(7)).</summary>
public enum Signal
{
    /// <summary>Sends nothing; tells whether the process exists.</summary>
    None = 0,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
