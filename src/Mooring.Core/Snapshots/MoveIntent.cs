namespace Mooring.Core.Snapshots;

/// <summary>
/// Asks the holder of an address to hand it to one particular candidate, make before break. The holder answers until
/// that node has claimed the address, and keeps it when that does not happen in time; it tries each move once.
/// </summary>
/// <remarks>
/// It holds for the claim the controller knew of, that is one with a term up to <see cref="AddressIntent.Term"/>: a
/// move that is left over, in a snapshot on disk or after a failover, moves nothing.
/// </remarks>
/// <param name="Id">Number of the request, larger than that of every move asked for before of the same address.</param>
/// <param name="To">Name of the node, one of the candidates.</param>
public sealed record MoveIntent(ulong Id, string To);
