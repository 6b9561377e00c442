using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mooring.Linux.Processes;

namespace Mooring.Agent.Tests.HealthChecks.Servers;

/// <summary>A server that no one here wrote, on loopback.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private ServerProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public static void SkipUnlessInstalled(string program, string package) =>
        Assert.SkipUnless(File.Exists(program), $"needs {program} (Debian: {package})");

    public static ServerProcess Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>A port of loopback that nothing listens on.</summary>
    public static IPEndPoint FreePort(ProtocolType protocol = ProtocolType.Tcp)
    {
        using var socket = new Socket(
            AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Waits until the port takes connections.</summary>
    public async Task<IPEndPoint> ListeningAsync(IPEndPoint endPoint)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint, limit.Token);
                return endPoint;
            }
            catch (SocketException)
            {
                _process.HasExited.ShouldBeFalse($"{_process.StartInfo.FileName} ended: {Errors}");
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
        }
    }

    /// <summary>What was written to it is kept, and not answered.</summary>
    public void Freeze() => ProcessSignal.Send(_process.Id, Signal.Stop);

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }

        _process.Dispose();
    }

    private string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }
}
