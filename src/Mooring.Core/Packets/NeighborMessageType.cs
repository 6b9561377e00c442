namespace Mooring.Core.Packets;

/// <summary>ICMPv6 type of a neighbour discovery message (RFC 4861 sections 4.3 and 4.4).</summary>
public enum NeighborMessageType : byte
{
    None = 0,
    Solicitation = 135,
    Advertisement = 136,
}
