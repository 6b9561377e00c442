using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Informer;

public sealed class CustomResourceTests(ConformanceCluster cluster) : InformerTest(cluster)
{
    [Fact]
    public async Task CustomResources_ReachTheStore() => await TypedWidget.CallAsync(this, (await Cluster.Widgets).Group, nameof(FollowAsync));

    [Fact]
    public async Task CustomResource_UnmodelledFields_SurviveTheClient() =>
        await TypedWidget.CallAsync(this, (await Cluster.Widgets).Group, nameof(RoundTripAsync));

    [Fact]
    public async Task CustomResource_Status_IsWrittenApart() => await TypedWidget.CallAsync(this, (await Cluster.Widgets).Group, nameof(WriteStatusAsync));

    private async Task FollowAsync<T>()
        where T : TypedWidget, IKubernetesObject<V1ObjectMeta>, new()
    {
        var informer = await StartAsync<T>();

        await Client.CreateAsync(Widget<T>("""{"size":"L"}"""), Token);

        await Eventually.TrueAsync(() => informer.Store.List().ToArray() is [var only] && (string?)only.Spec!["size"] == "L" && (int?)only.Spec["replicas"] == 1);
        await Client.DeleteAsync<T>(Name(), Namespace, cancellationToken: Token);
        await Eventually.TrueAsync(() => informer.Store.List().Count == 0);
    }

    private async Task RoundTripAsync<T>()
        where T : TypedWidget, IKubernetesObject<V1ObjectMeta>, new()
    {
        await Client.CreateAsync(Widget<T>("""{"raw":{"deep":[1,{"a":null}]}}"""), Token);
        var read = (await Client.GetAsync<T>(Name(), Namespace, Token))!;
        read.Spec!["size"] = "M";

        var updated = await Client.UpdateAsync(read, Token);

        updated.Spec!["raw"]!.ToJsonString().ShouldBe("""{"deep":[1,{"a":null}]}""");
        updated.Metadata.Generation.ShouldBe(2);
    }

    private async Task WriteStatusAsync<T>()
        where T : TypedWidget, IKubernetesObject<V1ObjectMeta>, new()
    {
        var made = await Client.CreateAsync(Widget<T>("""{"size":"S"}"""), Token);
        made.Status = new JsonObject { ["observed"] = made.Metadata.Generation, ["phase"] = "Ready" };
        made.Spec!["size"] = "L";

        var updated = await Client.UpdateStatusAsync(made, Token);

        ((string?)updated.Status!["phase"]).ShouldBe("Ready");
        ((string?)updated.Spec!["size"]).ShouldBe("S");
        updated.Metadata.Generation.ShouldBe(1);
    }

    private T Widget<T>(string spec)
        where T : TypedWidget, new() => new() { Metadata = Meta(), Spec = (JsonObject)JsonNode.Parse(spec)! };
}
