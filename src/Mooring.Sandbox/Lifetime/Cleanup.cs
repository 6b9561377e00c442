using System.Diagnostics;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Lifetime;

/// <summary>
/// Removes every process, network namespace and file of a sandbox. It is a shell script because it must also run
/// after the daemon was killed, in a process of its own (<see cref="Reaper"/>).
/// </summary>
internal static class Cleanup
{
    /// <summary>Arguments: $1 the namespaces' prefix, $2 the directory. Nothing to remove is a success.</summary>
    public const string Script =
        """
        for space in $(ip netns list | cut -d' ' -f1); do
          case $space in
            "$1"*)
              for process in $(ip netns pids "$space"); do kill -9 "$process" 2>/dev/null; done
              ip netns del "$space"
              ;;
          esac
        done
        rm -rf "$2"
        """;

    /// <summary>Cleans up now. The caller holds the sandbox's lock.</summary>
    public static async Task RunAsync(SandboxName name, SandboxPaths paths, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("sh") { UseShellExecute = false, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", Script, "mooring-sandbox-cleanup", name.NamespacePrefix, paths.Directory])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"could not remove what is left of sandbox {name}: {error.Trim()}");
        }
    }
}
