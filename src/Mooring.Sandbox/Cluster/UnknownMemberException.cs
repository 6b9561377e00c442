namespace Mooring.Sandbox.Cluster;

/// <summary>A verb names a node or pod that the sandbox does not have; the message says what it has.</summary>
internal sealed class UnknownMemberException(string message) : Exception(message);
