using System.Text;

namespace Mooring.Linux.Nftables;

/// <summary>An element of a set or map as the kernel has it. Fields of a concatenation take a multiple of four bytes each.</summary>
public readonly ref struct NftablesElement
{
    public ReadOnlySpan<byte> Key { get; init; }

    /// <summary>Of an interval: its end, within it; else empty.</summary>
    public ReadOnlySpan<byte> KeyEnd { get; init; }

    /// <summary>Value of a map's element; empty for sets and verdicts.</summary>
    public ReadOnlySpan<byte> Value { get; init; }

    /// <summary>Of a verdict: the chain's name, ending in a null byte.</summary>
    internal ReadOnlySpan<byte> ChainBytes { get; init; }

    public long Packets { get; init; }

    public long Bytes { get; init; }

    /// <summary>Chain that a verdict leads to; null when it is no verdict.</summary>
    public string? Chain => ChainBytes.IsEmpty ? null : Encoding.ASCII.GetString(ChainBytes.TrimEnd((byte)0));
}
