namespace Mooring.Agent.DataPlane.Flows;

/// <summary>Tracked flows to be cut.</summary>
/// <param name="Service">Key of the service in our table.</param>
/// <param name="Backend">Address and port of the backend that they were translated to, as our table has them; null for any.</param>
/// <param name="Stage">Those of this stage alone.</param>
internal readonly record struct FlowCut(string Service, string? Backend, FlowStage Stage = FlowStage.Any);
