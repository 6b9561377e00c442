namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Passes when a connection is accepted and, if asked for, a TLS handshake comes about.</summary>
internal sealed class TcpProbe(ProbeConnector connector) : IHealthProbe
{
    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline)
    {
        var (connection, failure) = await connector.OpenAsync(target, null, deadline)
            .ConfigureAwait(false);
        using (connection)
        {
            return connection is null ? ProbeOutcome.Failed(failure) : ProbeOutcome.PassedWith(connection.Warning);
        }
    }
}
