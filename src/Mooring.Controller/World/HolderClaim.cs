namespace Mooring.Controller.World;

/// <summary>A node answers for an address.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Term">Number of the claim.</param>
/// <param name="Since">When the node took the address.</param>
internal sealed record HolderClaim(string Node, ulong Term, DateTimeOffset Since);
