namespace Mooring.Core.Failover;

/// <summary>What a node is to one address.</summary>
public enum AddressRole
{
    /// <summary>May hold the address and hears no holder.</summary>
    Candidate,

    /// <summary>Hears the holder and stands by.</summary>
    Standby,

    /// <summary>Answers for the address.</summary>
    Holder,

    /// <summary>Still answers, and has asked the standbys to take over.</summary>
    Yielding,

    /// <summary>Held the address and may not answer now: its deadline passed, its link is down, or it is cut off.</summary>
    Fenced,
}
