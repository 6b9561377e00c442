using System.Net;

namespace Mooring.Linux.Conntrack;

/// <summary>One tracked flow: what its first packet was addressed to, and who answers.</summary>
/// <param name="Protocol">IP protocol number: 6 for TCP, 17 for UDP, 132 for SCTP.</param>
/// <param name="OriginalSource">Client as it sent.</param>
/// <param name="OriginalDestination">Address and port the client sent to.</param>
/// <param name="ReplySource">Address and port that answer: the backend, when the destination was translated.</param>
public readonly record struct ConntrackFlow(
    byte Protocol, IPEndPoint OriginalSource, IPEndPoint OriginalDestination, IPEndPoint ReplySource)
{
    /// <summary>State of a TCP flow (enum tcp_conntrack of linux/netfilter/nf_conntrack_tcp.h); 0 for other protocols.</summary>
    public byte TcpState { get; init; }

    /// <summary>Not over: for TCP from the first packet until both ends have closed, for others as long as it is tracked.</summary>
    public bool IsOpen => TcpState < LastAck;

    /// <summary>A TCP handshake that the other end has not answered yet.</summary>
    public bool AwaitsAnswer => TcpState == SynSent;

    /// <summary>A TCP connection that both ends have closed, or one of them by a reset.</summary>
    public bool IsClosed => TcpState is TimeWait or Close;

    private const byte SynSent = 1;
    private const byte LastAck = 6;
    private const byte TimeWait = 7;
    private const byte Close = 8;
}
