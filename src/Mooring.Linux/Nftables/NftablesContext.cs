using System.Runtime.InteropServices;

namespace Mooring.Linux.Nftables;

/// <summary>
/// libnftables in process. Speaks to the network namespace of the thread that created it. Calls are taken one at a
/// time, in the whole process; each run of commands is one kernel transaction.
/// </summary>
public sealed class NftablesContext : IDisposable
{
    /// <summary>
    /// During a run libnftables keeps the interfaces in a list that all contexts share (src/iface.c): those of another
    /// thread's namespace would be taken for this one's.
    /// </summary>
    private static readonly Lock Gate = new();

    private readonly NftablesContextHandle _context = NftablesContextHandle.Create();

    public NftablesContext()
    {
        if (NativeNftables.BufferOutput(_context) != 0 || NativeNftables.BufferError(_context) != 0)
        {
            _context.Dispose();
            throw new NftablesException("libnftables could not set up its output buffers: out of memory", "");
        }
    }

    /// <summary>Runs <paramref name="commands"/>, in nft's own language, as one transaction.</summary>
    /// <exception cref="NftablesException">Nothing was changed.</exception>
    public void Run(string commands) =>
        RunBuffered(commands, NativeNftables.OutputNumericProto);

    /// <summary>Runs a listing and returns nft's text, without counters and without the elements of sets and maps.</summary>
    /// <exception cref="NftablesException">The object does not exist, or the kernel refused.</exception>
    public string List(string command) =>
        RunBuffered(command,
            NativeNftables.OutputStateless | NativeNftables.OutputTerse | NativeNftables.OutputNumericProto | NativeNftables.OutputNumericPriority);

    /// <summary>Runs a listing and returns nft's JSON, counters included.</summary>
    /// <exception cref="NftablesException">The object does not exist, or the kernel refused.</exception>
    public string ListJson(string command) =>
        RunBuffered(command, NativeNftables.OutputJson);

    public void Dispose() => _context.Dispose();

    private string RunBuffered(string commands, uint flags)
    {
        lock (Gate)
        {
            NativeNftables.EnsureDescriptors(create: false);
            NativeNftables.SetOutputFlags(_context, flags);
            var result = NativeNftables.Run(_context, commands);

            // Reading a buffer also empties it for the next run.
            var output = Marshal.PtrToStringUTF8(NativeNftables.GetOutput(_context)) ?? "";
            var error = Marshal.PtrToStringUTF8(NativeNftables.GetError(_context)) ?? "";
            return result == 0
                ? output
                : throw new NftablesException(error.Length == 0 ? "nft failed without a message" : error.Trim(), commands);
        }
    }
}
