namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Something happened in a simulated cluster that must not.</summary>
public sealed class SimViolationException(string message) : Exception(message);
