using System.Net;

namespace Mooring.Core.Failover;

/// <param name="Address">The virtual address.</param>
/// <param name="Kind">What the sender does with it.</param>
/// <param name="Term">Term of the claim.</param>
/// <param name="Rank">Place of the sender among the candidates when it claimed; 255 when it was none.</param>
public readonly record struct AddressClaim(IPAddress Address, ClaimKind Kind, ulong Term, byte Rank);
