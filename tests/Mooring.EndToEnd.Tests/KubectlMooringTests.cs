using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>kubectl mooring against real agents.</summary>
public sealed class KubectlMooringTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Status_And_Explain_NameTheHolder()
    {
        var holder = await Cluster.HolderAsync();

        (await Cluster.MooringAsync("status")).ShouldContain(holder);
        using var rows = JsonDocument.Parse(await Cluster.MooringAsync("status", "-o", "json"));
        rows.RootElement.EnumerateArray().Single(row => row.GetProperty("address").GetString() == SandboxCluster.Vip)
            .GetProperty("holder").GetString().ShouldBe(holder);
        (await Cluster.MooringAsync("explain", "vip/web")).ShouldContain("6 of 6 ready");
    }

    [Fact]
    public async Task Doctor_HealthyCluster_FindsNothingSerious()
    {
        using var troubles = JsonDocument.Parse(await Cluster.MooringAsync("doctor", "-o", "json"));

        troubles.RootElement.EnumerateArray().Where(trouble => trouble.GetProperty("serious").GetBoolean()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Move_ToAStandby_LosesNothing()
    {
        var holder = await Cluster.HolderAsync();
        var other = holder == "node-1" ? "node-2" : "node-1";

        var seen = await Cluster.ProbeDuringAsync(async () =>
            (await Cluster.MooringAsync("move", "vip/web", other)).ShouldContain($"web is held by {other}"));

        (await Cluster.HolderAsync()).ShouldBe(other);
        await NothingLostAsync(seen, moves: 1);
    }

    [Fact]
    public async Task Drain_AndUndrain_MovesAwayAndAllowsBack()
    {
        var holder = await Cluster.HolderAsync();
        try
        {
            (await Cluster.MooringAsync("drain", holder)).ShouldContain($"{holder} holds no address");
            (await Cluster.HolderAsync()).ShouldNotBe(holder);
            (await Cluster.MooringAsync("doctor")).ShouldContain($"node {holder}: it is drained of addresses");
        }
        finally
        {
            await Cluster.MooringAsync("undrain", holder);
        }

        await Cluster.HealthyAsync();
    }

    [Fact]
    public async Task Drill_OfTheAddress_MeasuresTheOutage()
    {
        using var report = JsonDocument.Parse(await Cluster.MooringAsync("drill", "vip/web", "-o", "json"));

        report.RootElement.GetProperty("to").GetString().ShouldBe(await Cluster.HolderAsync());
        report.RootElement.GetProperty("attempts").GetInt32().ShouldBeGreaterThan(10);
        report.RootElement.GetProperty("outageMillis").GetDouble().ShouldBeLessThan(5000, "a bound for a busy machine; the benchmark measures");
    }
}
