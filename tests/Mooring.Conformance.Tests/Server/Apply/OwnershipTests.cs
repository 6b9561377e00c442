using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Apply;

public sealed class OwnershipTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    [Fact]
    public async Task Apply_NewObject_IsCreatedAndOwned()
    {
        var applied = (await ApplyAsync("one", "\"a\":\"1\"")).Ok(201);

        var entry = Entries(applied).ShouldHaveSingleItem();
        entry.Text("manager").ShouldBe("one");
        entry.Text("operation").ShouldBe("Apply");
        entry.Text("apiVersion").ShouldBe("v1");
        entry.Text("fieldsType").ShouldBe("FieldsV1");
        entry.Has("fieldsV1.[f:data]", "f:a").ShouldBeTrue();
        entry.At("fieldsV1").Has("[f:metadata]", "f:name").ShouldBeFalse();
    }

    [Fact]
    public async Task Apply_TheSameAgain_ChangesNothing()
    {
        var one = (await ApplyAsync("one", "\"a\":\"1\"")).Ok(201);

        (await ApplyAsync("one", "\"a\":\"1\"")).Ok(200).Version.ShouldBe(one.Version);
    }

    [Fact]
    public async Task Apply_AnothersField_ConflictsNamingOwnerAndField()
    {
        await ApplyAsync("one", "\"a\":\"1\",\"b\":\"1\"");

        var refused = (await ApplyAsync("two", "\"a\":\"2\"")).Refused(409, "Conflict", ".data.a");

        refused.Json.Text("details.causes.0.reason").ShouldBe("FieldManagerConflict");
        refused.Json.Text("details.causes.0.message")!.ShouldContain("one");
        refused.Fields.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Apply_Force_TakesTheFieldOver()
    {
        await ApplyAsync("one", "\"a\":\"1\",\"b\":\"1\"");

        var forced = (await ApplyAsync("two", "\"a\":\"2\"", force: true)).Ok(200);

        forced.Json.Text("data.a").ShouldBe("2");
        Owners(forced, "a").ShouldBe(["two"]);
        Owners(forced, "b").ShouldBe(["one"]);
    }

    [Fact]
    public async Task Apply_TheSameValueAsAnother_SharesTheField()
    {
        await ApplyAsync("one", "\"a\":\"1\"");

        var shared = (await ApplyAsync("two", "\"a\":\"1\"")).Ok(200);

        Owners(shared, "a").ShouldBe(["one", "two"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_FieldLeftOut_IsRemovedWhenNobodyElseOwnsIt()
    {
        await ApplyAsync("one", "\"a\":\"1\",\"b\":\"1\",\"c\":\"1\"");
        await ApplyAsync("two", "\"b\":\"1\"");

        var applied = (await ApplyAsync("one", "\"a\":\"1\"")).Ok(200);

        applied["data"]!.AsObject().Select(d => d.Key).ShouldBe(["a", "b"], ignoreOrder: true);
        Owners(applied, "b").ShouldBe(["two"]);
    }

    [Fact]
    public async Task Apply_WholeMapLeftOut_IsRemoved()
    {
        await ApplyAsync("one", "\"a\":\"1\"");

        var applied = (await Api.ApplyAsync(Map(Name()), "one", $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}"}}""")).Ok(200);

        applied["data"].ShouldBeNull();
    }

    [Fact]
    public async Task Update_AppliedField_PassesToTheUpdater()
    {
        await ApplyAsync("one", "\"a\":\"1\",\"b\":\"1\"");

        var patched = (await Api.MergeAsync(Map(Name()) + "?fieldManager=editor", """{"data":{"a":"2"}}""")).Ok(200);

        Owners(patched, "a").ShouldBe(["editor"]);
        Owners(patched, "b").ShouldBe(["one"]);
        Entries(patched).First(e => e.Text("manager") == "editor").Text("operation").ShouldBe("Update");
        (await ApplyAsync("one", "\"a\":\"1\",\"b\":\"1\"")).Refused(409, "Conflict", ".data.a");
    }

    [Fact]
    public async Task Update_ToTheSameValue_TakesNothing()
    {
        await ApplyAsync("one", "\"a\":\"1\"");

        var patched = (await Api.MergeAsync(Map(Name()) + "?fieldManager=editor", """{"data":{"a":"1"}}""")).Ok(200);

        Owners(patched, "a").ShouldBe(["one"]);
    }

    [Fact]
    public async Task Apply_OnWhatTheSameManagerUpdated_IsAnotherOwner()
    {
        await Api.PostAsync(Maps + "?fieldManager=one", MapJson(Name(), "\"a\":\"1\""));

        (await ApplyAsync("one", "\"a\":\"2\"")).Refused(409, "Conflict", ".data.a");
        Owners((await ApplyAsync("one", "\"a\":\"2\"", force: true)).Ok(200), "a").ShouldBe(["one"]);
    }

    [Fact]
    public async Task Apply_ManagerWhoseFieldsAreAllTaken_IsDropped()
    {
        await ApplyAsync("one", "\"a\":\"1\"");

        var forced = (await ApplyAsync("two", "\"a\":\"2\"", force: true)).Ok(200);

        Entries(forced).Where(e => e.Has("fieldsV1", "f:data")).Select(e => e.Text("manager")).ShouldBe(["two"]);
    }

    [Fact]
    public async Task Apply_WithoutAManager_IsInvalid() =>
        (await Api.SendAsync(HttpMethod.Patch, Map(Name()), MapJson(Name()), "application/apply-patch+yaml")).Refused(422, "Invalid", "fieldManager");

    [Fact]
    public async Task Apply_WithManagedFields_IsRefused()
    {
        var made = await MakeMapAsync();

        (await Api.ApplyAsync(Map(Name()), "one", made.Text)).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task Apply_UidOfAnObjectThatIsNotThere_IsAConflict() =>
        (await Api.ApplyAsync(Map(Name()), "one", MapJson(Name(), metadata: $"\"uid\":\"{RandomUid()}\""))).Refused(409, "Conflict");

    [Fact]
    public async Task Apply_StaleVersion_IsAConflict()
    {
        var made = await MakeMapAsync();
        (await Api.MergeAsync(Map(Name()), """{"data":{"x":"1"}}""")).Ok();

        (await Api.ApplyAsync(Map(Name()), "one", MapJson(Name(), metadata: $"\"resourceVersion\":\"{made.Version}\""))).Refused(409, "Conflict");
    }

    [Fact]
    public async Task Apply_UnknownField_IsRefused()
    {
        var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}"},"datum":{"a":"1"}}""";

        (await Api.ApplyAsync(Map(Name()), "one", body)).Code.ShouldBeOneOf(400, 422, 500);
        (await Api.GetAsync(Map(Name()))).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Apply_YamlWithComments_IsRead()
    {
        var yaml = $"# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {Name()}\ndata:\n  a: \"1\" # another\n";

        (await Api.ApplyAsync(Map(Name()), "one", yaml)).Ok(201).Json.Text("data.a").ShouldBe("1");
    }

    [Fact]
    public async Task Update_EmptyManagedFieldsEntry_ResetsOwnership()
    {
        await ApplyAsync("one", "\"a\":\"1\"");
        await ApplyAsync("two", "\"b\":\"1\"");

        (await Api.JsonPatchAsync(Map(Name()), """[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]""")).Ok(200);

        Entries(await Api.GetAsync(Map(Name()))).Select(e => e.Text("manager")).ShouldNotContain(m => m == "one" || m == "two");
    }

    [Fact]
    public async Task Apply_LabelsOfTwoManagers_StandSideBySide()
    {
        string Labelled(string label) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}","labels":{"{{{label}}}":"x"}} }""";
        (await Api.ApplyAsync(Map(Name()), "one", Labelled("l1"))).Ok(201);
        (await Api.ApplyAsync(Map(Name()), "two", Labelled("l2"))).Ok(200);

        (await Api.ApplyAsync(Map(Name()), "one", Labelled("l3"))).Ok(200)["metadata.labels"]!.AsObject().Select(l => l.Key).ShouldBe(["l2", "l3"], ignoreOrder: true);
    }

    private Task<Answer> ApplyAsync(string manager, string data, bool force = false) => Api.ApplyAsync(
        Map(Name()), manager, $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{Name()}}}"},"data":{ {{{data}}} }}""", force);

    private static List<JsonNode> Entries(Answer answer) => [.. (answer["metadata.managedFields"] as JsonArray ?? []).OfType<JsonNode>()];

    private static IEnumerable<string> Owners(Answer answer, string key) =>
        Entries(answer).Where(e => e.Has("fieldsV1.[f:data]", $"f:{key}")).Select(e => e.Text("manager")!);
}
