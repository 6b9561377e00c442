using System.Globalization;
using System.Text.Json;

namespace Mooring.Benchmarks.Scale;

/// <summary>
/// One controller process, 10,000 VirtualIps of ten endpoints each, and 1,000 simulated agents: the time until all have the
/// whole snapshot, what it takes, one change to all acknowledgements, and half of the agents coming back at once.
/// </summary>
internal static class ScaleBenchmark
{
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <param name="arguments">Kubeconfig, URL of the controller, its process id, agents, VirtualIps, changes.</param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var (controller, process) = (new Uri(arguments[1]), arguments[2]);
        int[] sizes = [.. arguments[3..6].Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        var (nodes, vips, changes) = (sizes[0], sizes[1], sizes[2]);
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        using var cluster = new ScaleCluster(arguments[0]);
        Say($"making {nodes} nodes and {vips} VirtualIps");
        await cluster.CreateAsync(nodes, vips);
        var tokens = new string[nodes];
        await Parallel.ForAsync(0, nodes, async (i, _) => tokens[i] = await cluster.TokenAsync(i));
        string authority;
        while ((authority = await cluster.AuthorityAsync()).Length == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), Time);
        }

        ScaleAgent New(int i) => new(i, controller, authority, tokens[i], Time);
        var agents = Enumerable.Range(0, nodes).Select(New).ToArray();
        var running = new List<Task>();

        var (start, cpu) = (Time.GetTimestamp(), ProcessorSeconds(process));
        running.AddRange(agents.Select(agent => agent.RunAsync()));
        figures["scale-first-seconds"] = await SecondsUntilWholeAsync(agents, start);
        await SettledAsync(agents);
        figures["scale-settled-seconds"] = Seconds(start);
        figures["scale-first-cpu"] = Math.Round(ProcessorSeconds(process) - cpu, 1);
        figures["scale-snapshot-mb"] = Math.Round(agents.Max(agent => agent.WholeBytes) / 1e6, 1);
        figures["scale-first-peak-mb"] = Memory(process, "VmHWM");
        Say(JsonSerializer.Serialize(figures));

        cpu = ProcessorSeconds(process);
        var latencies = new List<double>();
        for (var change = 0; change < changes; change++)
        {
            var before = agents.Max(agent => agent.Acknowledged);
            start = Time.GetTimestamp();
            await cluster.ChangeAsync(change * 7 % vips, 10 + (change % 80));
            await UntilAsync(() => agents.All(agent => agent.Acknowledged > before), agents);
            latencies.Add(Time.GetElapsedTime(start).TotalMilliseconds);
            await SettledAsync(agents);
        }

        latencies.Sort();
        figures["scale-change-p50"] = Math.Round(latencies[latencies.Count / 2]);
        figures["scale-change-p99"] = Math.Round(latencies[Math.Min(latencies.Count - 1, (int)Math.Ceiling(latencies.Count * 0.99) - 1)]);
        figures["scale-change-cpu"] = Math.Round((ProcessorSeconds(process) - cpu) / changes, 2);
        Say(JsonSerializer.Serialize(figures));

        for (var i = 0; i < nodes / 2; i++)
        {
            agents[i].Dispose();
            agents[i] = New(i);
        }

        start = Time.GetTimestamp();
        running.AddRange(agents.Take(nodes / 2).Select(agent => agent.RunAsync()));
        figures["scale-back-seconds"] = await SecondsUntilWholeAsync(agents, start);
        await SettledAsync(agents);
        figures["scale-back-settled-seconds"] = Seconds(start);
        figures["scale-peak-mb"] = Memory(process, "VmHWM");
        figures["scale-mb"] = Memory(process, "VmRSS");
        Console.WriteLine(JsonSerializer.Serialize(figures));
        foreach (var agent in agents)
        {
            agent.Dispose();
        }

        await Task.WhenAll(running);
        return 0;
    }

    private static async Task<double> SecondsUntilWholeAsync(ScaleAgent[] agents, long start)
    {
        await UntilAsync(() => agents.All(agent => agent.HadWhole > 0), agents);
        return Math.Round(Time.GetElapsedTime(start, agents.Max(agent => agent.HadWhole)).TotalSeconds, 1);
    }

    /// <summary>All agents are at one revision, and stay there for a second.</summary>
    private static async Task SettledAsync(ScaleAgent[] agents)
    {
        var (since, at) = (Time.GetTimestamp(), 0UL);
        await UntilAsync(
            () =>
            {
                var highest = agents.Max(agent => agent.Acknowledged);
                if (highest != at || agents.Any(agent => agent.Acknowledged != highest))
                {
                    (since, at) = (Time.GetTimestamp(), highest);
                }

                return Time.GetElapsedTime(since) > TimeSpan.FromSeconds(1);
            },
            agents);
    }

    private static async Task UntilAsync(Func<bool> condition, ScaleAgent[] agents)
    {
        var start = Time.GetTimestamp();
        while (!condition())
        {
            if (Time.GetElapsedTime(start) > Limit)
            {
                throw new TimeoutException(
                    $"{agents.Count(agent => agent.HadWhole > 0)} of {agents.Length} agents have a snapshot; last failure: "
                    + agents.Select(agent => agent.LastFailure).FirstOrDefault(failure => failure.Length > 0));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), Time);
        }
    }

    private static double Seconds(long start) => Math.Round(Time.GetElapsedTime(start).TotalSeconds, 1);

    private static double Memory(string process, string field) => Math.Round(double.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split(' ')[^2],
        CultureInfo.InvariantCulture) * 1024 / 1e6);

    /// <summary>User and system time; the kernel's tick is 10 ms (proc(5), sysconf(_SC_CLK_TCK)).</summary>
    private static double ProcessorSeconds(string process)
    {
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ');
        return (double.Parse(fields[12], CultureInfo.InvariantCulture) + double.Parse(fields[13], CultureInfo.InvariantCulture)) / 100;
    }

    private static void Say(string what) => Console.Error.WriteLine(what);
}
