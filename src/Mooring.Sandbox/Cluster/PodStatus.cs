namespace Mooring.Sandbox.Cluster;

/// <param name="Failure">None, Unhealthy, Refuse or Hang.</param>
/// <param name="Requests">Answered since the start of the pod, health checks left out.</param>
internal sealed record PodStatus(string Name, string Node, string Address, bool Ready, string Failure, long Requests)
{
    /// <summary>When the last of <see cref="Requests"/> came in, by the client's address as the pod saw it; 100 at most.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LastRequests { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>When health checks were answered by a failure since the pod fails, newest last; the last 100.</summary>
    public IReadOnlyList<DateTimeOffset> FailingAnswers { get; init; } = [];
}
