namespace Mooring.Core.Packets;

/// <summary>What a frame is to the echo responder.</summary>
public enum EchoVerdict
{
    /// <summary>Cut short, inconsistent lengths or a wrong checksum.</summary>
    Malformed,

    /// <summary>Well formed but not to be answered: not an echo request, a fragment, or from no single host.</summary>
    NotForUs,

    Request,
}
