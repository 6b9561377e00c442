namespace Mooring.Agent.DataPlane.Tables;

/// <summary>A part of a key or value of our sets and maps.</summary>
internal enum ElementField
{
    IPv4,
    IPv6,
    MacAddress,

    /// <summary>IP protocol by name.</summary>
    ProtocolName,

    /// <summary>IP protocol by number.</summary>
    ProtocolNumber,

    Port,

    /// <summary>A slot: 32 bits in the order of the machine, as the kernel computes it.</summary>
    Slot,

    /// <summary>A packet mark: 32 bits in the order of the machine.</summary>
    Mark,

    /// <summary>The chain to go to; a value only.</summary>
    Verdict,
}
