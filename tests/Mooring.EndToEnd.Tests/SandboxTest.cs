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
}
