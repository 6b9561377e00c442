using System.Diagnostics;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Lifetime;

/// <summary>
/// A process beside the sandbox that cleans up after it, however it ends: it reads a pipe whose other end we hold, and
/// the kernel closes that end when we die. It cleans up under the sandbox's lock, so it never meets a successor.
/// </summary>
internal sealed class Reaper : IAsyncDisposable
{
    private readonly Process _process;

    private Reaper(Process process) => _process = process;

    public int ProcessId => _process.Id;

    public static Reaper Start(SandboxName name, SandboxPaths paths)
    {
        // Its own session: whatever ends our process group must not end it.
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false, RedirectStandardInput = true };
        var script = $"trap '' INT TERM HUP; cat >/dev/null; exec 9>>\"$3\"; flock 9; {Cleanup.Script}";
        foreach (var argument in (string[])["sh", "-c", script, "mooring-sandbox-reaper", name.NamespacePrefix,
            paths.Directory, paths.LockFile])
        {
            start.ArgumentList.Add(argument);
        }

        return new Reaper(Process.Start(start)!);
    }

    /// <summary>Lets it clean up and waits for it. The caller has released the lock.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
