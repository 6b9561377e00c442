namespace Mooring.EndToEnd.Tests;

public sealed class DescribeTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Describe_Always_TellsHolderTermCandidatesBackendsConditionsAndEvents()
    {
        var holder = await Cluster.HolderAsync();

        var text = await Cluster.KubectlAsync("describe", "vip", "web");

        text.ShouldMatch($@"Holder:\s+{holder}");
        text.ShouldMatch(@"Holder Since:\s+20");
        text.ShouldMatch(@"Term:\s+\d+");
        text.ShouldMatch(@"Ready Backends:\s+6/6");
        text.ShouldMatch(@"Role:\s+Standby");
        text.ShouldContain("Type:                  Ready");
        text.ShouldContain("HolderChanged");
    }

    [Fact]
    public async Task Get_Always_ShowsTheColumns()
    {
        var lines = (await Cluster.KubectlAsync("get", "vip")).Split('\n');

        lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["NAME", "ADDRESS", "HOLDER", "READY", "BACKENDS", "AGE"]);
        lines.Single(line => line.StartsWith("web ", StringComparison.Ordinal)).ShouldContain("10.70.0.100");
    }

    [Fact]
    public async Task Wait_ForReady_Returns()
    {
        (await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/web", "--timeout=180s")).ShouldContain("condition met");
    }
}
