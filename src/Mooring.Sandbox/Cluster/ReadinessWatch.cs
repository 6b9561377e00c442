using System.Globalization;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Cluster;

/// <summary>Waits until agents have a connection to the controller, seen in their network namespaces' tables.</summary>
internal sealed class ReadinessWatch(SandboxCluster cluster, TimeProvider time)
{
    private const string Established = "01"; // TCP_ESTABLISHED, include/net/tcp_states.h
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <exception cref="InvalidOperationException">A process ended, or time ran out; the message has its last lines.</exception>
    public Task WaitAsync(CancellationToken cancellationToken) => WaitAsync([.. cluster.Agents.Values], cancellationToken);

    /// <inheritdoc cref="WaitAsync(CancellationToken)"/>
    public async Task WaitAsync(IReadOnlyCollection<Component> agents, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var waiting = agents.Where(agent => !IsConnected(agent)).ToList();
            if (waiting.Count == 0)
            {
                return;
            }

            Component[] all = [cluster.Controller!, .. agents];
            if (all.FirstOrDefault(component => component.State == ComponentState.Crashed) is { } crashed)
            {
                throw new InvalidOperationException($"the {crashed.Name} ended at its start:\n{Tail(crashed.LogPath)}");
            }

            if (time.GetElapsedTime(started) > Patience)
            {
                throw new InvalidOperationException(
                    $"the {waiting[0].Name} did not reach the controller within {Patience.TotalSeconds} s:\n"
                    + Tail(waiting[0].LogPath) + "\ncontroller:\n" + Tail(cluster.Controller!.LogPath));
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }

    /// <summary>Says, when asked again and again, why the controller will not make its authorities any more.</summary>
    public Func<string?> ControllerFailure()
    {
        var started = time.GetTimestamp();
        return () => cluster.Controller!.State == ComponentState.Crashed
            ? $"the controller ended at its start:\n{Tail(cluster.Controller.LogPath)}"
            : time.GetElapsedTime(started) > Patience
                ? $"the controller made no certificate authority within {Patience.TotalSeconds} s:\n{Tail(cluster.Controller.LogPath)}"
                : null;
    }

    private bool IsConnected(Component agent)
    {
        if (agent.ProcessId is not { } process)
        {
            return false;
        }

        // proc(5): addresses are the hexadecimal words as they lie in memory.
        var address = BitConverter.ToUInt32(cluster.Topology.ControlHost.Address.GetAddressBytes());
        var remote = string.Create(
            CultureInfo.InvariantCulture, $"{address:X8}:{SandboxCluster.ControllerPort:X4}");
        return HasConnection($"/proc/{process}/net/tcp", remote)
            || HasConnection($"/proc/{process}/net/tcp6", remote);
    }

    private static bool HasConnection(string table, string remote)
    {
        try
        {
            return File.ReadLines(table).Any(line =>
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                return fields.Length > 3 && fields[2].EndsWith(remote, StringComparison.Ordinal) && fields[3] == Established;
            });
        }
        catch (IOException)
        {
            return false; // the process ended in between
        }
    }

    private static string Tail(string log) =>
        File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "(no log)";
}
