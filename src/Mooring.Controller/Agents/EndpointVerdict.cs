namespace Mooring.Controller.Agents;

/// <summary>What the probes of one agent say of an endpoint.</summary>
/// <param name="Reason">In the words of the failure: "connection refused by 10.71.2.3:8080".</param>
/// <param name="Since">When the agent reached it.</param>
/// <param name="Warning">What to look at although it is healthy; empty for nothing.</param>
internal sealed record EndpointVerdict(bool Healthy, string Reason, DateTimeOffset? Since = null, string Warning = "");
