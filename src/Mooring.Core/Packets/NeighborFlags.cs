namespace Mooring.Core.Packets;

/// <summary>Flags of a neighbour advertisement (RFC 4861 section 4.4), as the first byte after its checksum.</summary>
[Flags]
public enum NeighborFlags : byte
{
    None = 0,

    /// <summary>The receiver shall replace the link-layer address it knows.</summary>
    Override = 0x20,

    /// <summary>Answers a solicitation.</summary>
    Solicited = 0x40,

    /// <summary>The sender is a router.</summary>
    Router = 0x80,
}
