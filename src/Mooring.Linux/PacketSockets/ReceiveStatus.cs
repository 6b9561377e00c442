namespace Mooring.Linux.PacketSockets;

/// <summary>How a receive ended.</summary>
public enum ReceiveStatus
{
    /// <summary>The socket was closed; there will be no more.</summary>
    Closed,

    /// <summary>A whole frame is in the buffer.</summary>
    Frame,

    /// <summary>The frame was longer than the buffer, which holds its beginning.</summary>
    Truncated,
}
