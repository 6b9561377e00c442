namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Something that happens at a point of virtual time. A value, as there are hundreds of millions of them.</summary>
/// <param name="What">A heartbeat on its way, or an <see cref="Action"/>; null for a timer.</param>
/// <param name="Number">Sequence number of the packet, or the time the timer was wanted for.</param>
/// <param name="From">Index of the sending node.</param>
/// <param name="To">Index of the node it happens to.</param>
/// <param name="Life">The start of the node that set the timer.</param>
internal readonly record struct SimEvent(object? What, long Number, int From, int To, int Life);
