namespace Mooring.Core.Failover;

/// <summary>What the sender of a heartbeat says of an address. The values are on the wire.</summary>
public enum ClaimKind : byte
{
    /// <summary>It answers for the address.</summary>
    Holder = 1,

    /// <summary>It answers until somebody else claims the address, which the first standby should do now.</summary>
    Yielding = 2,

    /// <summary>It has stopped answering under this term.</summary>
    Released = 3,

    /// <summary>It answers until the receiver of this claims the address, which it should do now.</summary>
    Handover = 4,
}
