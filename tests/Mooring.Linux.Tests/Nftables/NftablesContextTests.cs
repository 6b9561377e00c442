using System.ComponentModel;
using System.Runtime.InteropServices;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Nftables;

namespace Mooring.Linux.Tests.Nftables;

public sealed partial class NftablesContextTests : IDisposable
{
    private const int UnshareFiles = 0x400; // CLONE_FILES
    private const int Many = 2_000_000;

    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _node;

    public NftablesContextTests() => _node = _namespaces.Create("n");

    public void Dispose() => _namespaces.Dispose();

    /// <summary>libnftables would end the process: it takes the lowest that is free, and uses select(2).</summary>
    [Fact]
    public void Create_DescriptorsTooLarge_Throws()
    {
        _node.Run(() =>
        {
            var opened = TakeDescriptors(count: 1100);
            try
            {
                Should.Throw<NftablesException>(() => new NftablesContext()).Message.ShouldContain("a descriptor below 1024");
            }
            finally
            {
                opened.ForEach(descriptor => Close(descriptor));
            }
        });
    }

    /// <summary>libnftables would end the process.</summary>
    [Fact]
    public void Create_NoDescriptorsLeft_Throws()
    {
        _node.Run(() =>
        {
            using var before = new NftablesContext();
            var opened = TakeDescriptors(count: Many);
            Assert.SkipWhen(opened.Count == Many, "needs a limit on open files (RLIMIT_NOFILE)");
            try
            {
                Should.Throw<NftablesException>(() => new NftablesContext()).Message.ShouldContain("Too many open files");
                Should.Throw<NftablesException>(() => before.Run("add table inet t")).Message.ShouldContain("Too many open files");
            }
            finally
            {
                opened.ForEach(descriptor => Close(descriptor));
            }

            before.Run("add table inet t");
        });
    }

    /// <summary>Of this thread, which has its own from now on; fewer when there are no more.</summary>
    private static List<int> TakeDescriptors(int count)
    {
        if (Unshare(UnshareFiles) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        var opened = new List<int>();
        int descriptor;
        while (opened.Count < count && (descriptor = Duplicate(0)) >= 0)
        {
            opened.Add(descriptor);
        }

        return opened;
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
