using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>One endpoint of one backend set and how it is checked.</summary>
internal sealed record HealthCheckTarget(string BackendSetId, IPEndPoint Backend, HealthCheckIntent Check)
{
    /// <summary>Where the probe connects: the backend's address, at the check's port when it names one.</summary>
    public IPEndPoint ProbeEndPoint { get; } =
        Check.Port == 0 || Check.Port == Backend.Port ? Backend : new IPEndPoint(Backend.Address, Check.Port);
}
