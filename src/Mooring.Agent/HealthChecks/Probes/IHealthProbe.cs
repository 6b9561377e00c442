namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>A way to check an endpoint. Never throws: every failure is an outcome.</summary>
internal interface IHealthProbe
{
    /// <summary>Checks once.</summary>
    /// <param name="target">What to check.</param>
    /// <param name="deadline">Cancelled when the time of the check is over, or nobody wants its outcome any more.</param>
    Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline);
}
