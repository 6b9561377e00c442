using System.Runtime.InteropServices;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Nftables;

/// <summary>The parts of <c>nftables/libnftables.h</c> in use.</summary>
internal static partial class NativeNftables
{
    public const uint OutputStateless = 1 << 2;
    public const uint OutputJson = 1 << 4;
    public const uint OutputNumericProto = 1 << 7;
    public const uint OutputNumericPriority = 1 << 8;
    public const uint OutputTerse = 1 << 11;

    private const string Library = "libnftables.so.1";
    private const int SelectLimit = 1024; // FD_SETSIZE

    /// <summary>
    /// Where libnftables cannot open a netlink socket it calls exit(3) (src/mnl.c, src/iface.c), and it aborts when that of a context has
    /// a descriptor that select(2) does not take; either would end the agent. It opens one for a context and one for a run.
    /// </summary>
    /// <param name="create">A context is about to be made: its socket gets the lowest free descriptor.</param>
    /// <exception cref="NftablesException">There is no such descriptor left.</exception>
    public static void EnsureDescriptors(bool create)
    {
        try
        {
            using var one = NetlinkSocket.Open(NetlinkConstants.ProtocolNetfilter);
            using var other = NetlinkSocket.Open();
            if (create && Math.Min(one.Descriptor, other.Descriptor) >= SelectLimit)
            {
                throw new NftablesException($"libnftables needs a descriptor below {SelectLimit}, and all are in use", "");
            }
        }
        catch (SystemCallException exception)
        {
            throw new NftablesException($"libnftables needs netlink: {exception.Message}", "", exception.Errno);
        }
    }

    [LibraryImport(Library, EntryPoint = "nft_ctx_new")]
    public static partial nint New(uint flags);

    [LibraryImport(Library, EntryPoint = "nft_ctx_free")]
    public static partial void Free(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_output")]
    public static partial int BufferOutput(NftablesContextHandle context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_error")]
    public static partial int BufferError(NftablesContextHandle context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_output_buffer")]
    public static partial nint GetOutput(NftablesContextHandle context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_error_buffer")]
    public static partial nint GetError(NftablesContextHandle context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_output_set_flags")]
    public static partial void SetOutputFlags(NftablesContextHandle context, uint flags);

    [LibraryImport(Library, EntryPoint = "nft_run_cmd_from_buffer", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Run(NftablesContextHandle context, string commands);
}
