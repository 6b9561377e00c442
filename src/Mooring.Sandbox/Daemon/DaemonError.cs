namespace Mooring.Sandbox.Daemon;

internal sealed record DaemonError(string Message);
