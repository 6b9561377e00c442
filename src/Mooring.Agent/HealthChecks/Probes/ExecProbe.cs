using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Processes;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>
/// Passes when a program of the operator's directory exits with 0. It is started without a shell and without the agent's
/// environment, few at a time; time, memory and what is kept of its output are bounded.
/// </summary>
/// <param name="directory">Where the programs are; null runs none.</param>
internal sealed class ExecProbe(string? directory) : IHealthProbe
{
    private const int MaxRunning = 16;
    private const int MaxOutputBytes = 4096;

    /// <summary>Address space of a program, in bytes.</summary>
    private const long MaxMemory = 512L * 1024 * 1024;

    /// <summary>A process holds two pipes and its own memory; more of them wait for their turn, within their time.</summary>
    private readonly SemaphoreSlim _turns = new(MaxRunning);

    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline)
    {
        var check = target.Check;
        if (check.Exec is not { } exec || !ExecCheckIntent.IsProgramName(exec.Program))
        {
            return ProbeOutcome.Failed("the check names no program");
        }

        if (directory is null)
        {
            return ProbeOutcome.Failed("this node's agent runs no programs: start it with --check-directory");
        }

        var path = Path.Combine(directory, exec.Program);
        if (!File.Exists(path))
        {
            return ProbeOutcome.Failed($"there is no program {exec.Program} in {directory} of this node's agent");
        }

        try
        {
            await _turns.WaitAsync(deadline).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ProbeOutcome.Failed($"{exec.Program}: no turn within {Duration.Format(check.Timeout)}; {MaxRunning} programs run at a time");
        }

        try
        {
            return await RunAsync(path, exec, target, deadline).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    private static async Task<ProbeOutcome> RunAsync(
        string path, ExecCheckIntent exec, HealthCheckTarget target, CancellationToken deadline)
    {
        using var process = new Process { StartInfo = Start(path, exec, target.ProbeEndPoint) };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            return ProbeOutcome.Failed($"{exec.Program} cannot be started: {exception.Message}");
        }

        try
        {
            LimitMemory(process);
            var output = ReadAsync(process.StandardOutput.BaseStream, deadline);
            var errors = ReadAsync(process.StandardError.BaseStream, deadline);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline).ConfigureAwait(false);
            if (process.ExitCode == 0)
            {
                return ProbeOutcome.Passed;
            }

            // A child that outlives the program may hold the pipes: what was said by then is enough.
            await Task.WhenAll(output, errors).ConfigureAwait(false);
            var said = FirstLine(await errors.ConfigureAwait(false)) ?? FirstLine(await output.ConfigureAwait(false));
            return ProbeOutcome.Failed(
                $"{exec.Program} ended with status {process.ExitCode}{(said is null ? "" : $": {said}")}");
        }
        catch (OperationCanceledException)
        {
            return ProbeOutcome.Failed($"{exec.Program} did not end within {Duration.Format(target.Check.Timeout)}");
        }
        finally
        {
            End(process);
        }
    }

    private static ProcessStartInfo Start(string path, ExecCheckIntent exec, IPEndPoint endPoint)
    {
        var start = new ProcessStartInfo(path)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var address = endPoint.Address.ToString();
        var port = endPoint.Port.ToString(CultureInfo.InvariantCulture);
        foreach (var argument in exec.Arguments)
        {
            start.ArgumentList.Add(argument
                .Replace("{address}", address, StringComparison.Ordinal)
                .Replace("{port}", port, StringComparison.Ordinal));
        }

        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/bin:/usr/bin:/bin";
        start.Environment["MOORING_ADDRESS"] = address;
        start.Environment["MOORING_PORT"] = port;
        return start;
    }

    private static void LimitMemory(Process process)
    {
        try
        {
            ProcessLimits.SetAddressSpace(process.Id, MaxMemory);
        }
        catch (SystemCallException)
        {
            // It has ended already, which needs no limit.
        }
    }

    /// <summary>Reads to the end, so that the program does not block, and keeps the beginning.</summary>
    private static async Task<string> ReadAsync(Stream stream, CancellationToken deadline)
    {
        var kept = new byte[MaxOutputBytes];
        var length = 0;
        var buffer = new byte[MaxOutputBytes];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, deadline).ConfigureAwait(false)) > 0)
            {
                var more = Math.Min(read, kept.Length - length);
                buffer.AsSpan(0, more).CopyTo(kept.AsSpan(length));
                length += more;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The time is over, or the program is gone: what was read by then counts.
        }

        return Encoding.UTF8.GetString(kept, 0, length);
    }

    private static string? FirstLine(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }
    }
}
