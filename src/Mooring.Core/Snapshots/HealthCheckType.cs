namespace Mooring.Core.Snapshots;

public enum HealthCheckType
{
    Tcp,
    Http,
    Grpc,
    Udp,
    Exec,
}
