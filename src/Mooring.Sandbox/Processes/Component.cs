using System.Diagnostics;
using Mooring.Linux.Processes;

namespace Mooring.Sandbox.Processes;

/// <summary>The controller or an agent: a process in a network namespace that can be killed, frozen and restarted.</summary>
internal sealed class Component(
    string name, string networkNamespace, IReadOnlyList<string> command, string logPath, TimeProvider time) : IAsyncDisposable
{
    /// <summary>terminationGracePeriodSeconds of the chart's DaemonSet.</summary>
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(30);

    /// <summary>How long a process may take to end in good order when the sandbox goes down.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _changing = new(1, 1);
    private Process? _process;
    private bool _killed;
    private bool _stopped;
    private bool _frozen;

    public string Name => name;

    public string LogPath => logPath;

    public int? ProcessId => _process is { HasExited: false } running ? running.Id : null;

    public int Starts { get; private set; }

    public ComponentState State => _process switch
    {
        { HasExited: false } => _frozen ? ComponentState.Frozen : ComponentState.Running,
        _ => _stopped ? ComponentState.Stopped : _killed ? ComponentState.Killed : ComponentState.Crashed,
    };

    /// <summary>Resident memory in bytes, 0 when it does not run.</summary>
    public long ResidentBytes
    {
        get
        {
            if (_process is not { HasExited: false } running)
            {
                return 0;
            }

            running.Refresh();
            return running.WorkingSet64;
        }
    }

    /// <summary>Starts it unless it runs.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => ChangeAsync(() =>
    {
        if (_process is { HasExited: false })
        {
            return Task.CompletedTask;
        }

        _process?.Dispose();

        // `ip netns exec` becomes the program, so the process id is the program's own, and it shows the namespace's
        // devices in /sys. The shell only redirects, and becomes the program as well.
        var start = new ProcessStartInfo("ip");
        foreach (var argument in (string[])["netns", "exec", networkNamespace, "sh", "-c",
            "exec \"$@\" </dev/null >>\"$0\" 2>&1", logPath, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _killed = false;
        _stopped = false;
        _frozen = false;
        Starts++;
        return Task.CompletedTask;
    }, cancellationToken);

    /// <summary>SIGKILL; it stays dead until it is started again.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => ChangeAsync(async () =>
    {
        _killed = true;
        if (_process is { HasExited: false } running)
        {
            ProcessSignal.Send(running.Id, Signal.Kill);
            await running.WaitForExitAsync(cancellationToken);
        }
    }, cancellationToken);

    /// <summary>SIGTERM, as a kubelet sends it; it stays stopped until it is started again.</summary>
    /// <exception cref="InvalidOperationException">It did not end within the grace period and was killed.</exception>
    public Task StopAsync(CancellationToken cancellationToken) => ChangeAsync(async () =>
    {
        _stopped = true;
        if (_process is { HasExited: false } running && !await EndAsync(running, GracePeriod))
        {
            throw new InvalidOperationException($"{name} did not end within {GracePeriod.TotalSeconds} s and was killed");
        }
    }, cancellationToken);

    /// <summary>SIGSTOP.</summary>
    /// <exception cref="InvalidOperationException">It does not run.</exception>
    public Task FreezeAsync(CancellationToken cancellationToken) => ChangeAsync(() =>
    {
        ProcessSignal.Send(ProcessId ?? throw new InvalidOperationException($"{name} does not run"), Signal.Stop);
        _frozen = true;
        return Task.CompletedTask;
    }, cancellationToken);

    /// <summary>SIGCONT; nothing happens to one that is not frozen.</summary>
    public Task ThawAsync(CancellationToken cancellationToken) => ChangeAsync(() =>
    {
        if (ProcessId is { } running)
        {
            ProcessSignal.Send(running, Signal.Continue);
        }

        _frozen = false;
        return Task.CompletedTask;
    }, cancellationToken);

    /// <summary>Ends it in good order, or by force after a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        await ChangeAsync(async () =>
        {
            if (_process is not { HasExited: false } running)
            {
                return;
            }

            _killed = true;
            await EndAsync(running, StopTimeout);
        }, CancellationToken.None);
        _process?.Dispose();
        _changing.Dispose();
    }

    /// <returns>False when it had to be killed.</returns>
    private async Task<bool> EndAsync(Process running, TimeSpan timeout)
    {
        ProcessSignal.Send(running.Id, Signal.Continue);
        ProcessSignal.Send(running.Id, Signal.Terminate);
        using var patience = new CancellationTokenSource(timeout, time);
        try
        {
            await running.WaitForExitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            ProcessSignal.Send(running.Id, Signal.Kill);
            await running.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    private async Task ChangeAsync(Func<Task> change, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await change();
        }
        finally
        {
            _changing.Release();
        }
    }
}
