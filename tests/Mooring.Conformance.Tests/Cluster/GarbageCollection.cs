namespace Mooring.Conformance.Tests.Cluster;

/// <summary>Finds out whether a garbage collector works in the cluster: by giving it work.</summary>
internal static class GarbageCollection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<bool> IsAtWorkAsync(ConformanceCluster cluster)
    {
        var maps = $"api/v1/namespaces/{cluster.Namespace}/configmaps";
        var owner = (await cluster.Api.PostAsync(maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"gc-probe-owner"}}""")).Ok();
        (await cluster.Api.PostAsync(maps, $$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"gc-probe-dependent",
             "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"gc-probe-owner","uid":"{{{owner.Uid}}}"}]}}
            """)).Ok();
        (await cluster.Api.DeleteAsync($"{maps}/gc-probe-owner")).Ok();
        return await Eventually.WithinAsync(Patience, async () => (await cluster.Api.GetAsync($"{maps}/gc-probe-dependent")).Code == 404);
    }
}
