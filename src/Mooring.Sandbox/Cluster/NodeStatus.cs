namespace Mooring.Sandbox.Cluster;

/// <param name="Link">Connected, Cut (no carrier) or Silent (carrier, but no packet passes).</param>
internal sealed record NodeStatus(string Name, string Address, string Link, ComponentStatus? Agent);
