using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class LifecycleTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Delete_WithFinalizer_WaitsForItsRemoval()
    {
        var path = await PathAsync();
        await CreateAsync(path, "a", """{"finalizers":["test.dev/hold"]}""");

        var marked = await server.SendAsync("DELETE", $"{path}/a");
        marked.Body["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        (await PatchAsync($"{path}/a", """{"metadata":{"finalizers":["test.dev/hold","test.dev/more"]}}""")).Message.ShouldContain("no new finalizers can be added");
        (await PatchAsync($"{path}/a", """{"metadata":{"finalizers":null}}""")).Code.ShouldBe(200);

        (await server.GetAsync($"{path}/a")).Code.ShouldBe(404);
    }

    [Theory]
    [InlineData("""{"preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}}""", "UID in precondition")]
    [InlineData("""{"preconditions":{"resourceVersion":"1"}}""", "ResourceVersion in precondition")]
    public async Task Delete_PreconditionFails_IsAConflict(string options, string message)
    {
        var path = await PathAsync();
        await CreateAsync(path, "a");
        var refused = await server.SendAsync("DELETE", $"{path}/a", JsonNode.Parse(options));
        refused.Code.ShouldBe(409);
        refused.Message.ShouldContain(message);
    }

    [Fact]
    public async Task Delete_Owner_TakesDependentsAlong()
    {
        var path = await PathAsync();
        var owner = await CreateAsync(path, "owner");
        await CreateAsync(path, "dependent", OwnedBy(owner));
        await CreateAsync(path, "grandchild", OwnedBy(await server.GetAsync($"{path}/dependent")));

        (await server.SendAsync("DELETE", $"{path}/owner")).Code.ShouldBe(200);

        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/grandchild")).Code == 404);
        (await server.GetAsync($"{path}/dependent")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Delete_Foreground_KeepsTheOwnerUntilDependentsAreGone()
    {
        var path = await PathAsync();
        var owner = await CreateAsync(path, "owner");
        await CreateAsync(path, "dependent", OwnedBy(owner, """ ,"finalizers":["test.dev/hold"]"""));

        await server.SendAsync("DELETE", $"{path}/owner?propagationPolicy=Foreground");
        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/dependent")).Body["metadata"]!["deletionTimestamp"] is not null);
        (await server.GetAsync($"{path}/owner")).Body["metadata"]!["finalizers"]!.ToJsonString().ShouldBe("""["foregroundDeletion"]""");

        await PatchAsync($"{path}/dependent", """{"metadata":{"finalizers":null}}""");
        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/owner")).Code == 404);
    }

    [Fact]
    public async Task Delete_Orphan_LeavesDependentsWithoutTheReference()
    {
        var path = await PathAsync();
        var owner = await CreateAsync(path, "owner");
        await CreateAsync(path, "dependent", OwnedBy(owner));

        await server.SendAsync("DELETE", $"{path}/owner?propagationPolicy=Orphan");

        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/owner")).Code == 404);
        (await server.GetAsync($"{path}/dependent")).Body["metadata"]!["ownerReferences"].ShouldBeNull();
    }

    [Fact]
    public async Task Create_WithOwnerThatNeverWas_IsCollected()
    {
        var path = await PathAsync();
        await CreateAsync(path, "a", """{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"none","uid":"11111111-1111-1111-1111-111111111111"}]}""");
        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/a")).Code == 404);
    }

    [Fact]
    public async Task Namespace_Deleted_IsEmptiedFirst()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/configmaps";
        await CreateAsync(path, "free");
        await CreateAsync(path, "held", """{"finalizers":["test.dev/hold"]}""");

        (await server.SendAsync("DELETE", $"/api/v1/namespaces/{ns}")).Body["status"]!["phase"]!.ToString().ShouldBe("Terminating");
        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/free")).Code == 404);
        var refused = await CreateAsync(path, "late");
        refused.Code.ShouldBe(403);
        refused.Body["details"]!["causes"]![0]!["reason"]!.ToString().ShouldBe("NamespaceTerminating");
        await PatchAsync($"{path}/held", """{"metadata":{"finalizers":null}}""");

        await Eventually.HoldsAsync(async () => (await server.GetAsync($"/api/v1/namespaces/{ns}")).Code == 404);
    }

    [Fact]
    public async Task Pod_OnANode_IsGivenItsGracePeriod()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/pods";
        await server.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"""));

        var marked = await server.SendAsync("DELETE", $"{path}/p");
        marked.Body["metadata"]!["deletionGracePeriodSeconds"]!.GetValue<int>().ShouldBe(30);
        (await server.GetAsync($"{path}/p")).Code.ShouldBe(200);
        await server.SendAsync("DELETE", $"{path}/p?gracePeriodSeconds=0");
        (await server.GetAsync($"{path}/p")).Code.ShouldBe(404);

        await server.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"q"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i"}]}}"""));
        await server.SendAsync("DELETE", $"{path}/q?gracePeriodSeconds=1");
        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{path}/q")).Code == 404);
    }

    [Fact]
    public async Task DeleteCollection_Selector_DeletesWhatMatches()
    {
        var path = await PathAsync();
        await CreateAsync(path, "a", """{"labels":{"x":"1"}}""");
        await CreateAsync(path, "b", """{"labels":{"x":"2"}}""");

        (await server.SendAsync("DELETE", $"{path}?labelSelector=x%3D1")).Body["items"]!.AsArray().Count.ShouldBe(1);

        (await server.GetAsync(path)).Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!).ShouldBe(["b"]);
    }

    private async Task<string> PathAsync() => $"/api/v1/namespaces/{await server.NewNamespaceAsync()}/configmaps";

    private async Task<Answer> CreateAsync(string path, string name, string metadata = "{}")
    {
        var value = (JsonObject)JsonNode.Parse(metadata)!;
        value["name"] = name;
        return await server.SendAsync("POST", path, new JsonObject { ["metadata"] = value });
    }

    private Task<Answer> PatchAsync(string path, string patch) => server.SendAsync("PATCH", path, JsonNode.Parse(patch), "application/merge-patch+json");

    private static string OwnedBy(Answer owner, string more = "") =>
        "{\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"" + owner.Body["metadata"]!["name"] + "\",\"uid\":\""
        + owner.Body["metadata"]!["uid"] + "\",\"blockOwnerDeletion\":true}]" + more + "}";
}
