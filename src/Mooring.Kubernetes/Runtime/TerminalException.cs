namespace Mooring.Kubernetes.Runtime;

/// <summary>A reconcile failed in a way that trying again cannot mend; only a change of the object can.</summary>
public sealed class TerminalException(string message, Exception? innerException = null)
    : Exception(message, innerException);
