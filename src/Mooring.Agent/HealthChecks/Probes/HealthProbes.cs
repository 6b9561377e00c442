using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>The probe of each check type.</summary>
/// <param name="checkDirectory">Directory of the programs that checks may run; null runs none.</param>
/// <param name="source">Where they come from.</param>
/// <param name="timeProvider">Tells whether a certificate is about to expire.</param>
internal sealed class HealthProbes(string? checkDirectory, ProbeSource source, TimeProvider timeProvider)
{
    private readonly TcpProbe _tcp = new(new ProbeConnector(source, timeProvider));
    private readonly HttpProbe _http = new(new ProbeConnector(source, timeProvider));
    private readonly GrpcProbe _grpc = new(new ProbeConnector(source, timeProvider));
    private readonly UdpProbe _udp = new(source);
    private readonly ExecProbe _exec = new(checkDirectory);

    public IHealthProbe For(HealthCheckType type) => type switch
    {
        HealthCheckType.Tcp => _tcp,
        HealthCheckType.Http => _http,
        HealthCheckType.Grpc => _grpc,
        HealthCheckType.Udp => _udp,
        HealthCheckType.Exec => _exec,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no probe for this type of check"),
    };
}
