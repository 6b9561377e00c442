namespace Mooring.Sandbox.Cluster;

/// <param name="Failure">None, Unhealthy, Refuse or Hang.</param>
/// <param name="Requests">Answered since the start of the pod, health checks left out.</param>
internal sealed record PodStatus(string Name, string Node, string Address, bool Ready, string Failure, long Requests);
