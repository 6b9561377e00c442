using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>The forwarding mode of a VirtualIp, and why it is that one.</summary>
internal sealed record ForwardingEvaluation(ForwardingMode Mode, string Reason, string Message);
