namespace Mooring.Agent.HealthChecks;

/// <summary>A way to check an endpoint. Never throws but for cancellation: every failure is an outcome.</summary>
internal interface IHealthProbe
{
    /// <summary>Checks once, within <see cref="Core.Snapshots.HealthCheckIntent.Timeout"/>.</summary>
    Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken cancellationToken);
}
