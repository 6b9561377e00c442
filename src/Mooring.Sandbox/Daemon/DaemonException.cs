namespace Mooring.Sandbox.Daemon;

/// <summary>The daemon is not there or refused; the message is for the user.</summary>
internal sealed class DaemonException(string message, Exception? innerException = null) : Exception(message, innerException);
