namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>The pod that a token is bound to.</summary>
/// <param name="Node">Node of the pod; null for one without.</param>
/// <param name="NodeUid">Null where the node is not known to the server.</param>
internal sealed record TokenBinding(string Name, string Uid, string? Node, string? NodeUid);
