using System.Globalization;
using Mooring.Linux.Processes;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Daemon;

/// <summary>Takes a sandbox down, whatever state it is in: up, hanging, or dead with things left behind.</summary>
internal static class DaemonShutdown
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ReaperPatience = TimeSpan.FromSeconds(10);

    /// <returns>False when there was nothing to take down.</returns>
    public static async Task<bool> RunAsync(
        SandboxName name, SandboxPaths paths, TimeProvider time, CancellationToken cancellationToken)
    {
        var existed = Directory.Exists(paths.Directory);
        try
        {
            using var client = new DaemonClient(name, paths);
            await client.PostAsync("/down", cancellationToken);
        }
        catch (DaemonException)
        {
            // Dead, or not up yet: the lock tells.
        }

        var held = await SandboxLock.AcquireAsync(paths, Patience, time, cancellationToken);
        if (held is null && DaemonProcess(name, paths) is { } hanging)
        {
            ProcessSignal.Send(hanging, Signal.Kill);
            held = await SandboxLock.AcquireAsync(paths, ReaperPatience, time, cancellationToken);
        }

        if (held is null)
        {
            throw new DaemonException($"sandbox '{name}' does not end: {paths.LockFile} is still locked");
        }

        using (held)
        {
            await Cleanup.RunAsync(name, paths, cancellationToken);
        }

        return existed;
    }

    /// <summary>The daemon's process id, only if that process is a daemon of this name.</summary>
    private static int? DaemonProcess(SandboxName name, SandboxPaths paths)
    {
        try
        {
            var process = int.Parse(File.ReadAllText(paths.ProcessIdFile), CultureInfo.InvariantCulture);
            var command = File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
            return command.Any(word => word.Contains("mooring-sandbox", StringComparison.Ordinal))
                && command.Contains(name.Value, StringComparer.Ordinal)
                ? process
                : null;
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            return null;
        }
    }
}
