namespace Mooring.EndToEnd.Tests;

/// <summary>What the tests on the shared cluster have in common: they run one at a time and start from a whole cluster.</summary>
[Collection("cluster")]
public abstract class SandboxTest(SandboxCluster cluster) : IAsyncLifetime
{
    protected SandboxCluster Cluster { get; } = cluster;

    public virtual async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Cluster.Missing is not null, Cluster.Missing ?? "");
        await Cluster.HealthyAsync();
    }

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>
    /// In Nat mode the new holder does not know the connections of the one before, so that requests under way at the very
    /// moment of a move may be lost; in Direct mode none is.
    /// </summary>
    protected async Task NothingLostAsync(SandboxCluster.Probe seen, int moves)
    {
        using var vip = await Cluster.VipAsync();
        var mode = vip.RootElement.GetProperty("status").GetProperty("forwarding").GetProperty("mode").GetString();
        seen.Failures.ShouldBeLessThanOrEqualTo(mode == "Nat" ? 20 * moves : 0, seen.Words);
    }
}
