using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>The probe of each check type.</summary>
internal sealed class HealthProbes(TimeProvider timeProvider) : IDisposable
{
    private readonly TcpProbe _tcp = new(timeProvider);
    private readonly HttpProbe _http = new(timeProvider);

    public IHealthProbe For(HealthCheckType type) => type switch
    {
        HealthCheckType.Tcp => _tcp,
        HealthCheckType.Http => _http,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no probe for this type of check"),
    };

    public void Dispose() => _http.Dispose();
}
