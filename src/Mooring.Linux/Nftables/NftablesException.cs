namespace Mooring.Linux.Nftables;

/// <summary>libnftables or the kernel refused a command; the whole transaction was without effect.</summary>
/// <param name="message">What nft printed: the offending line and why.</param>
/// <param name="commands">The commands that were run.</param>
public sealed class NftablesException(string message, string commands) : Exception(message)
{
    public string Commands { get; } = commands;
}
