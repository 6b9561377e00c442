using System.Runtime.InteropServices;

namespace Mooring.Linux.Files;

/// <summary>Makes the names in a directory durable (fsync(2) of the directory), which flushing a file does not do.</summary>
public static partial class DirectoryEntries
{
    private const int ReadOnlyDirectory = 0x10000 | 0x80000; // O_RDONLY | O_DIRECTORY | O_CLOEXEC, x86-64 and asm-generic
    private const int ReadOnlyDirectoryOnArm = 0x4000 | 0x80000; // arm and arm64 number O_DIRECTORY otherwise

    /// <summary>Returns when every file created, renamed or deleted in the directory so far would be found so after a crash.</summary>
    /// <exception cref="SystemCallException">The directory cannot be opened, or the disk failed (EIO).</exception>
    public static void Flush(string path)
    {
        var arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;
        var descriptor = Open(path, arm ? ReadOnlyDirectoryOnArm : ReadOnlyDirectory);
        if (descriptor < 0)
        {
            throw SystemCallException.FromLastError($"open {path}");
        }

        var failed = Synchronize(descriptor) == 0 ? null : SystemCallException.FromLastError($"fsync {path}");
        _ = Close(descriptor);
        if (failed is not null)
        {
            throw failed;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
