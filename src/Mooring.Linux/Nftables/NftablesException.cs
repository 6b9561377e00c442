namespace Mooring.Linux.Nftables;

/// <summary>libnftables or the kernel refused a command; the whole transaction was without effect.</summary>
/// <param name="message">What nft printed: the offending line and why.</param>
/// <param name="commands">The commands that were run.</param>
/// <param name="errno">The kernel's errno, when it is known.</param>
public sealed class NftablesException(string message, string commands, int? errno = null) : Exception(message)
{
    private const int NoEntry = 2; // ENOENT

    public string Commands { get; } = commands;

    /// <summary>What was to be read is not there. Any other failure says nothing about that.</summary>
    public bool IsAbsent { get; } = errno == NoEntry;
}
