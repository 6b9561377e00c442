using System.Globalization;

namespace Mooring.EndToEnd.Tests;

/// <summary>
/// A holder that is stopped for 5 s, asked all the while, and let go on: frames captured on the switch tell whether it ever
/// speaks for an address past its deadline. MOORING_FREEZE_RUNS sets how often.
/// </summary>
public sealed class FrozenHolderTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    private const string V4 = SandboxCluster.Vip;
    private const string V6 = "fd00:70::120";
    private const int DefaultRuns = 2;

    /// <summary>100 ms × 3: a deadline is no later than this after the last heartbeat, and so after the stop.</summary>
    private static readonly TimeSpan Detection = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(5);

    private static readonly int Runs =
        int.TryParse(Environment.GetEnvironmentVariable("MOORING_FREEZE_RUNS"), out var runs) ? runs : DefaultRuns;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.KubectlAsync("apply", "-f", SandboxCluster.Manifest("dual-stack.yaml"));
        await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/web-dual", "--timeout=180s");
    }

    public override async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "-f", SandboxCluster.Manifest("dual-stack.yaml"));
        await base.DisposeAsync();
    }

    [Fact]
    public async Task Frozen_AskedWhileStoppedAndAfter_NeverSpeaksPastItsDeadline()
    {
        var late = new List<string>();
        for (var run = 1; run <= Runs; run++)
        {
            // In turn the holder of the IPv4 and of the IPv6 address; it may hold both.
            late.AddRange(await RunAsync(run, run % 2 == 1 ? V4 : V6));
        }

        Tell($"{Runs} runs, {late.Count} frames past a deadline");
        late.ShouldBeEmpty();
    }

    private async Task<IEnumerable<string>> RunAsync(int run, string address)
    {
        var holders = await HoldersAsync();
        var frozen = holders[address];
        string[] held = [.. holders.Where(one => one.Value == frozen).Select(one => one.Key)];
        var mac = await Cluster.MacOfAsync(frozen);
        var agent = await Cluster.AgentOfAsync(frozen);

        // The bridge sees every frame of the segment once.
        using var capture = await WireCapture.StartAsync(Cluster, "switch", "br0", "arp or icmp6");
        using var first = new Questioner(Cluster, V4);
        using var second = new Questioner(Cluster, V6);
        await SandboxCluster.UntilAsync("answers", () => Task.FromResult(
            held.All(one => capture.Lines.Any(line => line.Mac == mac && line.SpeaksFor(one)))));

        var stopped = await SandboxCluster.SignalAsync(agent, "STOP");
        await Task.Delay(Stopped, TimeProvider.System);
        var resumed = await SandboxCluster.SignalAsync(agent, "CONT");
        await SandboxCluster.UntilAsync($"{frozen} is a standby of what it held", async () =>
        {
            var now = await HoldersAsync();
            return held.All(one => now[one].Length > 0 && now[one] != frozen);
        });
        await Cluster.HealthyAsync();
        await SandboxCluster.UntilAsync("it was asked often enough", () => Task.FromResult(
            held.All(one => capture.Lines.Count(line => line.At > resumed && line.AsksFor(one)) > 30)));

        var lines = await capture.StopAsync();
        var spoken = lines.Where(line => line.Mac == mac && held.Any(line.SpeaksFor)).ToArray();
        var late = spoken.Where(line => line.At > stopped + Detection).Select(line => $"run {run}: {line}").ToArray();
        var takeover = held.Max(one => lines.First(line => line.At > stopped && line.Mac != mac && line.SpeaksFor(one)).At);
        Tell(string.Create(
            CultureInfo.InvariantCulture,
            $"run {run}: {frozen} with {string.Join(" and ", held)}; asked {Asked(stopped, resumed)} times while stopped and "
            + $"{Asked(resumed, DateTimeOffset.MaxValue)} after; last answer {Millis(spoken[^1].At)} ms after the stop, "
            + $"another's first {Millis(takeover)} ms after; late {late.Length}"));
        Asked(stopped, resumed).ShouldBeGreaterThan(10);
        return late;

        int Asked(DateTimeOffset from, DateTimeOffset to) =>
            lines.Count(line => line.At >= from && line.At < to && held.Any(line.AsksFor));

        int Millis(DateTimeOffset at) => (int)(at - stopped).TotalMilliseconds;
    }

    private async Task<Dictionary<string, string>> HoldersAsync()
    {
        var web = await Cluster.HoldersAsync("web");
        var dual = await Cluster.HoldersAsync("web-dual");
        return new() { [V4] = web[V4], [V6] = dual[V6] };
    }

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
