namespace Mooring.Core.Failover;

/// <summary>A heartbeat as it is on the wire.</summary>
/// <param name="Receiver">Name of the node it is meant for.</param>
/// <param name="Sequence">Number of the packet, larger than that of every packet before in the sender's epoch.</param>
/// <param name="Heartbeat">What it says.</param>
public sealed record HeartbeatPacket(string Receiver, ulong Sequence, Heartbeat Heartbeat);
