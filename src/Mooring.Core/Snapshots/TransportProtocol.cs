namespace Mooring.Core.Snapshots;

public enum TransportProtocol
{
    Tcp,
    Udp,
}
