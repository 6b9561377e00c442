using System.Diagnostics;
using Mooring.Linux.Processes;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Commands;
using Mooring.Sandbox.Lifetime;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Daemon;

/// <summary>Starts a daemon in the background and waits until its sandbox is up.</summary>
internal static class DaemonLauncher
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="DaemonException">It ended before it was up; the message has what it said.</exception>
    public static async Task<SandboxStatus> LaunchAsync(
        SandboxOptions options,
        IReadOnlyList<string> arguments,
        Action<string> progress,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var paths = new SandboxPaths(options.Name, options.RuntimeRoot);
        Directory.CreateDirectory(paths.Root);
        using (var client = new DaemonClient(options.Name, paths))
        {
            if (await TryStatusAsync(client, time, cancellationToken) is not null)
            {
                throw new DaemonException(
                    $"sandbox '{options.Name}' is up already: see `mooring-sandbox status`, or `mooring-sandbox down`");
            }
        }

        await File.WriteAllTextAsync(paths.DaemonLog, "", cancellationToken);

        // A session of its own: what ends our terminal must not end it.
        var start = new ProcessStartInfo("setsid") { UseShellExecute = false };
        foreach (var argument in (string[])["sh", "-c", "exec \"$@\" </dev/null >>\"$0\" 2>&1", paths.DaemonLog,
            .. options.Programs.Self(), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var daemon = Process.Start(start)!;
        try
        {
            return await WaitAsync(options, paths, daemon, progress, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            ProcessSignal.Send(daemon.Id, Signal.Terminate);
            await daemon.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    private static async Task<SandboxStatus> WaitAsync(
        SandboxOptions options,
        SandboxPaths paths,
        Process daemon,
        Action<string> progress,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var client = new DaemonClient(options.Name, paths);
        var told = 0;
        while (true)
        {
            var steps = Lines(paths.DaemonLog)
                .Where(line => line.StartsWith(DaemonHost.StepMark, StringComparison.Ordinal))
                .Select(line => line[DaemonHost.StepMark.Length..])
                .ToList();
            foreach (var step in steps.Skip(told))
            {
                progress(step);
            }

            told = steps.Count;
            if (daemon.HasExited)
            {
                throw new DaemonException(string.Join('\n', Lines(paths.DaemonLog)
                    .Where(line => !line.StartsWith(DaemonHost.StepMark, StringComparison.Ordinal))
                    .Select(WithoutErrorMark)
                    .TakeLast(40)
                    .DefaultIfEmpty($"the daemon ended with status {daemon.ExitCode}")));
            }

            if (File.Exists(paths.ProcessIdFile) && await TryStatusAsync(client, time, cancellationToken) is { } status)
            {
                return status;
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    private static async Task<SandboxStatus?> TryStatusAsync(
        DaemonClient client, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(StatusTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await client.StatusAsync(either.Token);
        }
        catch (DaemonException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null; // it hangs; the lock decides
        }
    }

    private static string WithoutErrorMark(string line) =>
        line.StartsWith(SandboxCommandLine.ErrorMark, StringComparison.Ordinal)
            ? line[SandboxCommandLine.ErrorMark.Length..]
            : line;

    private static string[] Lines(string path)
    {
        using var reader = new StreamReader(
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
