using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Deletion;

/// <summary>
/// Graceful deletion, which pods alone have. They are bound to a node that is not there, so nobody runs them; where an
/// admission rule of the cluster forbids that, the cases are skipped.
/// </summary>
public sealed class PodDeletionTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    [Fact]
    public async Task Delete_BoundPod_IsMarkedWithItsGracePeriod()
    {
        await MakePodAsync();

        var marked = (await Api.DeleteAsync(Of("pods", Name()), Grace(300))).Ok(200);

        ((long)marked["metadata.deletionGracePeriodSeconds"]!).ShouldBe(300);
        var left = DateTimeOffset.Parse(marked.Json.Text("metadata.deletionTimestamp")!) - DateTimeOffset.Parse(marked.Json.Text("metadata.creationTimestamp")!);
        left.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(300));
        (await Api.GetAsync(Of("pods", Name()))).Ok(200);
    }

    [Fact]
    public async Task Delete_ShorterGraceLater_Shortens()
    {
        await MakePodAsync();
        (await Api.DeleteAsync(Of("pods", Name()), Grace(300))).Ok(200);

        ((long)(await Api.DeleteAsync(Of("pods", Name()), Grace(200))).Ok(200)["metadata.deletionGracePeriodSeconds"]!).ShouldBe(200);
        ((long)(await Api.DeleteAsync(Of("pods", Name()), Grace(250))).Ok(200)["metadata.deletionGracePeriodSeconds"]!).ShouldBe(200);
    }

    [Fact]
    public async Task Delete_NoGrace_RemovesAtOnceAndAnswersThePod()
    {
        var made = await MakePodAsync();

        var deleted = (await Api.DeleteAsync(Of("pods", Name()), Grace(0))).Ok(200);

        deleted.Json.Text("kind").ShouldBe("Pod");
        deleted.Uid.ShouldBe(made.Uid);
        (await Api.GetAsync(Of("pods", Name()))).Code.ShouldBe(404);
    }

    private async Task<Answer> MakePodAsync()
    {
        (await Api.PostAsync(Of("serviceaccounts"), $$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{{Name()}}}"}}""")).Ok(201);
        var made = await Api.PostAsync(Of("pods"), $$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{Name()}}}"},
             "spec":{"serviceAccountName":"{{{Name()}}}","automountServiceAccountToken":false,"nodeName":"{{{Name("node")}}}",
              "containers":[{"name":"c","image":"registry.invalid/none:1","resources":{"requests":{"cpu":"1m"}} }]}}
            """);
        Assert.SkipWhen(made.Code == 403, $"this cluster forbids the pod: {made.Json.Text("message")}");
        return made.Ok(201);
    }

    private static string Grace(int seconds) => $$"""{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":{{seconds}}}""";
}
