namespace Mooring.Agent.DataPlane.Flows;

/// <summary>Tracked flows to be cut: those of a service that were translated to one backend.</summary>
/// <param name="Service">Key of the service in our table.</param>
/// <param name="Backend">Address and port of the backend as our table has them.</param>
/// <param name="UnansweredOnly">Established flows go on; TCP handshakes that the backend has not answered are cut.</param>
internal readonly record struct FlowCut(string Service, string Backend, bool UnansweredOnly = false);
