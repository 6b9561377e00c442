namespace Mooring.Cli.Drill;

/// <param name="Kill">Kill the agent of the holder rather than ask it to hand over.</param>
/// <param name="AgentNamespace">Where the agents' pods are.</param>
/// <param name="Timeout">How long the move may take.</param>
internal sealed record DrillRequest(string Namespace, string Name, bool Kill, string AgentNamespace, TimeSpan Timeout);
