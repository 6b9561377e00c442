namespace Mooring.Sandbox.Probing;

/// <summary>What became of connections that were kept open.</summary>
/// <param name="Opened">Connections that got a pod's greeting.</param>
/// <param name="Alive">Those that still sent back what they were sent, at the end.</param>
/// <param name="Exchanges">Messages that came back as they were sent.</param>
/// <param name="LongestStallMilliseconds">Longest time that a message took to come back.</param>
/// <param name="Pods">Connections by pod.</param>
/// <param name="Lost">Lost connections by pod.</param>
/// <param name="Errors">Lost connections by what went wrong.</param>
/// <param name="Clients">Connections by the client's address as the pod saw it.</param>
internal sealed record HoldReport(
    int Opened,
    int Alive,
    long Exchanges,
    double LongestStallMilliseconds,
    IReadOnlyDictionary<string, int> Pods,
    IReadOnlyDictionary<string, int> Lost,
    IReadOnlyDictionary<string, int> Errors,
    IReadOnlyDictionary<string, int> Clients);
