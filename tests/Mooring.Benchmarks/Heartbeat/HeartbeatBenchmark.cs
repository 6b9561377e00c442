using System.Diagnostics;
using System.Text.Json;

namespace Mooring.Benchmarks.Heartbeat;

/// <summary>
/// Five agents' failover threads in one process, with real sockets: what the heartbeats of 1,000 addresses cost, and how
/// late their threads run while the garbage collector and the thread pool are kept busy.
/// </summary>
internal static class HeartbeatBenchmark
{
    private const int Nodes = 5;

    /// <summary>The code that runs all the time is compiled for good by then.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var length = TimeSpan.FromSeconds(arguments.Contains("--quick") ? 4 : 20);
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        await MeasureCostAsync(length, figures);
        await MeasureLatenessAsync("quiet", length, collect: false, flood: false, figures);
        await MeasureLatenessAsync("gc", length, collect: true, flood: false, figures);
        await MeasureLatenessAsync("pool", length, collect: false, flood: true, figures);
        await MeasureLatenessAsync("both", length, collect: true, flood: true, figures);
        Console.WriteLine(JsonSerializer.Serialize(figures));
        return 0;
    }

    private static async Task MeasureCostAsync(TimeSpan length, SortedDictionary<string, double> figures)
    {
        using var meters = new FailoverReadings();
        await using var segment = new HeartbeatSegment(Nodes, addresses: 1000, TimeSpan.FromMilliseconds(100), meters);
        await segment.StartAsync();
        await Task.Delay(WarmUp, TimeProvider.System, CancellationToken.None);

        meters.Clear();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var began = TimeProvider.System.GetTimestamp();
        await Task.Delay(length, TimeProvider.System, CancellationToken.None);
        var elapsed = TimeProvider.System.GetElapsedTime(began);
        var used = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var bytes = GC.GetTotalAllocatedBytes(precise: true) - allocated;

        figures["heartbeat-cpu-percent"] = Math.Round(100 * used / elapsed / Nodes, 2);
        figures["heartbeat-packets-per-second"] = Math.Round(meters.Sent / elapsed.TotalSeconds / Nodes, 0);
        figures["heartbeat-bytes-per-packet"] = Math.Round((double)bytes / meters.Sent, 1);
        figures["heartbeat-cost-failovers"] = segment.Failovers;
    }

    private static async Task MeasureLatenessAsync(
        string setting, TimeSpan length, bool collect, bool flood, SortedDictionary<string, double> figures)
    {
        using var meters = new FailoverReadings();
        await using var segment = new HeartbeatSegment(Nodes, addresses: 50, TimeSpan.FromMilliseconds(10), meters);
        await segment.StartAsync();
        await Task.Delay(length / 4, TimeProvider.System, CancellationToken.None);

        meters.Clear();
        var before = segment.Failovers;
        var (paused, collected) = (GC.GetTotalPauseDuration(), GC.CollectionCount(0));
        using (new RuntimeLoad(collect, flood))
        {
            await Task.Delay(length, TimeProvider.System, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        var pauses = GC.GetTotalPauseDuration() - paused;
        var collections = GC.CollectionCount(0) - collected;
        var late = meters.Lateness();
        figures[$"heartbeat-{setting}-p50"] = At(late, 0.5);
        figures[$"heartbeat-{setting}-p99"] = At(late, 0.99);
        figures[$"heartbeat-{setting}-max"] = At(late, 1);
        figures[$"heartbeat-{setting}-failovers"] = segment.Failovers - before;
        Console.Error.WriteLine(
            $"{setting}: {late.Length} wake-ups, {collections} collections of {(pauses / Math.Max(1, collections)).TotalMilliseconds:F1} ms");
        foreach (var limit in (double[])[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, double.PositiveInfinity])
        {
            Console.Error.WriteLine($"  up to {limit,5} ms late: {late.Count(value => value <= limit) * 100.0 / late.Length,7:F3} %");
        }
    }

    private static double At(double[] sorted, double share) =>
        Math.Round(sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))], 2);
}
