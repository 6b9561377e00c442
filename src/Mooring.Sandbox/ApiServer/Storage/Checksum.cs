using System.Numerics;
using System.Runtime.InteropServices;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>CRC-32C, by the processor's instruction where it has one.</summary>
internal static class Checksum
{
    public static uint Of(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var tail in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, tail);
        }

        return ~crc;
    }
}
