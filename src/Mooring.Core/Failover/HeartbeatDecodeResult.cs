namespace Mooring.Core.Failover;

/// <summary>What became of a packet. The names appear as a label of a metric.</summary>
public enum HeartbeatDecodeResult
{
    Ok,
    TooShort,
    TooLong,
    BadMagic,
    UnknownVersion,
    UnknownKey,
    BadMac,

    /// <summary>Authentic, and not what the format allows.</summary>
    Malformed,

    /// <summary>Authentic, and meant for another node.</summary>
    WrongReceiver,

    /// <summary>Authentic, from a node that is not in the snapshot.</summary>
    UnknownSender,

    /// <summary>Authentic, and seen before or of an earlier start of the sender.</summary>
    Replayed,

    /// <summary>Authentic, and meant for an earlier start of this node.</summary>
    Stale,
}
