using System.Collections.Concurrent;
using System.Diagnostics;
using Mooring.Linux.Processes;

namespace Mooring.Agent.Tests.Composition;

/// <summary>A real mooring-agent in the namespace of a node.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _log = [];

    public AgentProcess(string node, string stateDirectory, string controller = "http://10.70.0.1:7946")
    {
        var start = new ProcessStartInfo("ip")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[]
        {
            "netns", "exec", TestNetwork.FullName(node),
            "dotnet", Path.Combine(AppContext.BaseDirectory, "mooring-agent.dll"),
            "run", "--node-name", node, "--controller", controller, "--insecure", "--state-directory", stateDirectory, "--interface", "eth0",
        })
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Log => string.Join('\n', _log);

    public long ResidentBytes => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmRSS:")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<int> TerminateAsync()
    {
        ProcessSignal.Send(_process.Id, Signal.Terminate);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return _process.ExitCode;
    }

    public Task LogsAsync(string text) => Eventually.HoldsAsync(() => Log.Contains(text), $"'{text}' in the log");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
        }
    }
}
