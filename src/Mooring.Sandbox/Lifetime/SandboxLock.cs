namespace Mooring.Sandbox.Lifetime;

/// <summary>The right to own a sandbox's namespaces and files; the kernel takes it back when the owner dies.</summary>
internal sealed class SandboxLock : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private readonly FileStream _file;

    private SandboxLock(FileStream file) => _file = file;

    /// <returns>Null when another process held it all the time.</returns>
    public static async Task<SandboxLock?> AcquireAsync(
        SandboxPaths paths, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        System.IO.Directory.CreateDirectory(paths.Root);
        var started = time.GetTimestamp();
        while (true)
        {
            if (TryOpen(paths.LockFile) is { } file)
            {
                return new SandboxLock(file);
            }

            if (time.GetElapsedTime(started) >= patience)
            {
                return null;
            }

            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream? TryOpen(string path)
    {
        try
        {
            // FileShare.None is flock(2) with LOCK_EX, the lock that flock(1) takes too.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}
