namespace Mooring.Core.Snapshots;

/// <summary>By the number in the IP header (IANA, Assigned Internet Protocol Numbers).</summary>
public enum TransportProtocol
{
    Tcp = 6,
    Udp = 17,
    Sctp = 132,
}
