namespace Mooring.Linux.Nftables;

/// <summary>Family of a table, by the number of the kernel's NFPROTO.</summary>
public enum NftablesFamily : byte
{
    Inet = 1,
    IPv4 = 2,
    IPv6 = 10,
}
