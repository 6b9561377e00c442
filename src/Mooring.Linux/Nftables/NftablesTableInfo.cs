namespace Mooring.Linux.Nftables;

/// <summary>A table that is in the kernel.</summary>
/// <param name="Comment">"" when it has none.</param>
/// <param name="Dormant">Its chains are not in use.</param>
public sealed record NftablesTableInfo(string Comment, bool Dormant);
