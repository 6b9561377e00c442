namespace Mooring.Agent.Controlling;

/// <summary>This agent has nothing to know a controller by, or to prove itself with. The message names the file.</summary>
internal sealed class ControllerCredentialsException(string message, Exception? inner = null) : Exception(message, inner);
