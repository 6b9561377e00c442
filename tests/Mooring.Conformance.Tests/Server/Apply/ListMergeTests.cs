using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Apply;

/// <summary>How appliers share the lists and maps of a custom resource, by what its schema says of them.</summary>
public sealed class ListMergeTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Fact]
    public async Task Apply_ItemsOfAMapList_AreOwnedOneByOne()
    {
        (await ApplyAsync("one", "\"ports\":[{\"port\":80,\"name\":\"a\"}]")).Ok(201);

        var applied = (await ApplyAsync("two", "\"ports\":[{\"port\":81,\"name\":\"b\"}]")).Ok(200);

        Ports(applied).ShouldBe(["80/TCP=a", "81/TCP=b"], ignoreOrder: true);
        Ports((await ApplyAsync("one", "\"ports\":[]")).Ok(200)).ShouldBe(["81/TCP=b"]);
    }

    [Fact]
    public async Task Apply_DefaultOfAListKey_CountsAsPartOfTheKey()
    {
        (await ApplyAsync("one", "\"ports\":[{\"port\":53,\"name\":\"tcp\"},{\"port\":53,\"protocol\":\"UDP\",\"name\":\"udp\"}]")).Ok(201);

        var applied = (await ApplyAsync("two", "\"ports\":[{\"port\":53,\"protocol\":\"TCP\",\"name\":\"tcp\"}]")).Ok(200);

        Ports(applied).ShouldBe(["53/TCP=tcp", "53/UDP=udp"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_FieldOfAnothersItem_ConflictsNamingTheKey()
    {
        (await ApplyAsync("one", "\"ports\":[{\"port\":80,\"name\":\"a\"}]")).Ok(201);

        var refused = (await ApplyAsync("two", "\"ports\":[{\"port\":80,\"name\":\"z\"}]")).Refused(409, "Conflict");

        refused.Fields.ShouldHaveSingleItem().ShouldBe(".spec.ports[port=80,protocol=\"TCP\"].name");
    }

    [Fact]
    public async Task Apply_ItemsOfASet_AreOwnedOneByOne()
    {
        (await ApplyAsync("one", "\"tags\":[\"a\",\"b\"]")).Ok(201);
        (await ApplyAsync("two", "\"tags\":[\"b\",\"c\"]")).Ok(200);

        Texts(await ApplyAsync("one", "\"tags\":[]"), "spec.tags").ShouldBe(["b", "c"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_AtomicList_IsOwnedAsAWhole()
    {
        (await ApplyAsync("one", "\"args\":[\"a\"]")).Ok(201);

        (await ApplyAsync("two", "\"args\":[\"a\",\"b\"]")).Refused(409, "Conflict", ".spec.args");
        Texts((await ApplyAsync("two", "\"args\":[\"b\"]", force: true)).Ok(200), "spec.args").ShouldBe(["b"]);
    }

    [Fact]
    public async Task Apply_AtomicMap_IsOwnedAsAWhole()
    {
        (await ApplyAsync("one", "\"reference\":{\"name\":\"a\",\"kind\":\"K\"}")).Ok(201);

        (await ApplyAsync("two", "\"reference\":{\"name\":\"b\"}")).Refused(409, "Conflict", ".spec.reference");
        var forced = (await ApplyAsync("two", "\"reference\":{\"name\":\"b\"}", force: true)).Ok(200);
        forced["spec.reference"]!.AsObject().Select(f => f.Key).ShouldBe(["name"]);
    }

    [Fact]
    public async Task Apply_EntriesOfAMap_AreOwnedOneByOne()
    {
        (await ApplyAsync("one", "\"limits\":{\"a\":1}")).Ok(201);

        var applied = (await ApplyAsync("two", "\"limits\":{\"b\":2}")).Ok(200);

        applied["spec.limits"]!.AsObject().Select(l => l.Key).ShouldBe(["a", "b"], ignoreOrder: true);
    }

    [Fact]
    public async Task Apply_FieldThatIsDefaulted_ReturnsToItsDefaultWhenLeftOut()
    {
        (await ApplyAsync("one", "\"size\":\"L\",\"color\":\"red\"")).Ok(201);

        (await ApplyAsync("one", "\"color\":\"red\"")).Ok(200).Json.Text("spec.size").ShouldBe("S");
    }

    [Fact]
    public async Task Apply_InvalidValue_IsInvalid() =>
        (await ApplyAsync("one", "\"replicas\":1000")).Refused(422, "Invalid", "spec.replicas");

    [Fact]
    public async Task Apply_Status_IsOwnedApartFromTheSpec()
    {
        (await ApplyAsync("one", "\"color\":\"red\"")).Ok(201);

        var applied = (await Api.ApplyAsync(Widgets.Path(Name(), "status"), "two", Json("\"color\":\"blue\"", rest: "\"status\":{\"phase\":\"Ready\"}"))).Ok(200);

        applied.Json.Text("spec.color").ShouldBe("red");
        applied.Json.Text("status.phase").ShouldBe("Ready");
        var entry = applied["metadata.managedFields"]!.AsArray().First(e => e.Text("manager") == "two");
        entry.Text("subresource").ShouldBe("status");
        entry!["fieldsV1"]!.AsObject().Select(f => f.Key).ShouldBe(["f:status"]);
    }

    [Fact]
    public async Task Apply_ServicePortsOfTwoManagers_StandSideBySide()
    {
        string Service(string ports) => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"s{{{Name()}}}"},"spec":{"ports":[{{{ports}}}]}}""";
        var path = Of("services", "s" + Name());
        (await Api.ApplyAsync(path, "one", Service("{\"name\":\"a\",\"port\":80}"))).Ok(201);

        var applied = (await Api.ApplyAsync(path, "two", Service("{\"name\":\"b\",\"port\":81}"))).Ok(200);

        applied["spec.ports"]!.AsArray().Select(p => (int)p.At("port")!).ShouldBe([80, 81], ignoreOrder: true);
        (await Api.ApplyAsync(path, "one", Service("{\"name\":\"a\",\"port\":80,\"protocol\":\"UDP\"},{\"name\":\"c\",\"port\":80}"))).Ok(200)["spec.ports"]!
            .AsArray().Count.ShouldBe(3);
    }

    private Task<Answer> ApplyAsync(string manager, string spec, bool force = false) => Api.ApplyAsync(Widget, manager, Json(spec), force);

    private static IEnumerable<string> Ports(Answer answer) => (answer["spec.ports"] as JsonArray ?? [])
        .Select(p => $"{p.At("port")}/{p.At("protocol")}={p.At("name")}");

    private static IEnumerable<string> Texts(Answer answer, string path) => (answer.Ok()[path] as JsonArray ?? []).Select(t => (string)t!);
}
