namespace Mooring.Agent.Speaker;

/// <summary>The sockets of a link: where an address is, and echo. Each has a thread of its own.</summary>
internal enum SpeakerChannel
{
    /// <summary>ARP or neighbour discovery.</summary>
    Neighbors,

    /// <summary>ICMP or ICMPv6 echo.</summary>
    Echo,
}
