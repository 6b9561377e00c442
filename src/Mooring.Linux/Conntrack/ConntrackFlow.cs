using System.Net;

namespace Mooring.Linux.Conntrack;

/// <summary>One tracked flow: what its first packet was addressed to, and who answers.</summary>
/// <param name="Protocol">IP protocol number: 6 for TCP, 17 for UDP.</param>
/// <param name="OriginalSource">Client as it sent.</param>
/// <param name="OriginalDestination">Address and port the client sent to.</param>
/// <param name="ReplySource">Address and port that answer: the backend, when the destination was translated.</param>
public readonly record struct ConntrackFlow(
    byte Protocol, IPEndPoint OriginalSource, IPEndPoint OriginalDestination, IPEndPoint ReplySource);
