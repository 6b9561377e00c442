using Microsoft.Win32.SafeHandles;

namespace Mooring.Linux.Nftables;

/// <summary>A <c>struct nft_ctx</c> and the netlink socket in it.</summary>
internal sealed class NftablesContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private NftablesContextHandle(nint context)
        : base(ownsHandle: true)
    {
        SetHandle(context);
    }

    public static NftablesContextHandle Create()
    {
        NativeNftables.EnsureDescriptors(create: true);
        var created = new NftablesContextHandle(NativeNftables.New(0));
        return created.IsInvalid ? throw new NftablesException("nft_ctx_new failed: out of memory", "") : created;
    }

    protected override bool ReleaseHandle()
    {
        NativeNftables.Free(handle);
        return true;
    }
}
