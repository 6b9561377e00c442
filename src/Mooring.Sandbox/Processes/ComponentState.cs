namespace Mooring.Sandbox.Processes;

internal enum ComponentState
{
    Running,

    /// <summary>Stopped by SIGSTOP.</summary>
    Frozen,

    /// <summary>Killed because someone asked for it.</summary>
    Killed,

    /// <summary>Ended in good order because someone asked for it.</summary>
    Stopped,

    /// <summary>Ended by itself, which it should not.</summary>
    Crashed,
}
