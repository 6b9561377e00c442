namespace Mooring.EndToEnd.Tests;

/// <summary>What the programs tell of themselves is read without complaint by Prometheus' own reader and linter.</summary>
public sealed class MetricsTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Theory]
    [InlineData("http://10.70.0.11:7950/metrics")]
    [InlineData("http://127.0.0.1:7951/metrics")]
    public async Task Metrics_CheckedByPromtool_AreGood(string url)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/promtool"), "needs promtool of Debian's prometheus");

        var text = await Cluster.InAsync("control", "curl", "-sS", "--fail", "--max-time", "30", url);
        var file = Path.Combine(Directory.CreateTempSubdirectory("mooring-").FullName, "metrics");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        // Ends with another status, and says why, when there is anything to find fault with.
        await Cluster.InAsync("control", "bash", "-c", $"promtool check metrics < {file}");
        text.Split("# TYPE mooring_").Length.ShouldBeGreaterThan(10);
    }
}
