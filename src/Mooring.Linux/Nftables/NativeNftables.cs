using System.Runtime.InteropServices;

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
