using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Writes;

public sealed class PatchTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string Ports = "\"ports\":[{\"name\":\"a\",\"port\":80,\"targetPort\":8080},{\"name\":\"b\",\"port\":81,\"targetPort\":8081}]";

    [Fact]
    public async Task MergePatch_NullRemovesAndTheRestStays()
    {
        await MakeMapAsync(data: "\"a\":\"1\",\"b\":\"2\"");

        var patched = (await Api.MergeAsync(Map(Name()), """{"data":{"a":null,"c":"3"}}""")).Ok(200);

        patched["data"]!.AsObject().Select(d => $"{d.Key}={d.Value}").ShouldBe(["b=2", "c=3"], ignoreOrder: true);
    }

    [Fact]
    public async Task MergePatch_MissingObject_IsNotFound() => (await Api.MergeAsync(Map(Name()), "{}")).Refused(404, "NotFound");

    [Fact]
    public async Task MergePatch_StaleVersionInIt_IsAConflict()
    {
        var made = await MakeMapAsync();
        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Ok();

        (await Api.MergeAsync(Map(Name()), $$$"""{"metadata":{"resourceVersion":"{{{made.Version}}}"},"data":{"k":"3"}}""")).Refused(409, "Conflict");
    }

    [Fact]
    public async Task MergePatch_WithoutAVersion_NeverConflicts()
    {
        await MakeMapAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i => (await Api.MergeAsync(Map(Name()), $$$"""{"data":{"k{{{i}}}":"x"}}""")).Ok(200)));

        (await Api.GetAsync(Map(Name())))["data"]!.AsObject().Count.ShouldBe(21);
    }

    [Fact]
    public async Task MergePatch_ThatChangesNothing_KeepsTheVersion()
    {
        var made = await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"v"}}""")).Ok(200).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task MergePatch_NewName_IsRefused()
    {
        await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()), """{"metadata":{"name":"other"}}""")).Code.ShouldBeOneOf(400, 422);
        (await Api.GetAsync(Map(Name()))).Ok(200);
    }

    [Fact]
    public async Task JsonPatch_AddReplaceRemoveMoveCopy_AreApplied()
    {
        await MakeMapAsync(data: "\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"");

        var patched = (await Api.JsonPatchAsync(Map(Name()), """
            [{"op":"test","path":"/data/a","value":"1"},{"op":"add","path":"/data/d","value":"4"},{"op":"replace","path":"/data/a","value":"one"},
             {"op":"remove","path":"/data/b"},{"op":"move","from":"/data/c","path":"/data/e"},{"op":"copy","from":"/data/a","path":"/data/f"}]
            """)).Ok(200);

        patched["data"]!.AsObject().Select(d => $"{d.Key}={d.Value}").ShouldBe(["a=one", "d=4", "e=3", "f=one"], ignoreOrder: true);
    }

    [Fact]
    public async Task JsonPatch_EscapedPath_IsRead()
    {
        await MakeMapAsync();

        var patched = (await Api.JsonPatchAsync(Map(Name()), """[{"op":"add","path":"/metadata/annotations","value":{}},{"op":"add","path":"/metadata/annotations/a.b~1c","value":"x"}]""")).Ok();

        patched.Json.Text("metadata.annotations[a.b/c]").ShouldBe("x");
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/data/k","value":"wrong"}]""")]
    [InlineData("""[{"op":"replace","path":"/data/missing","value":"x"}]""")]
    [InlineData("""[{"op":"remove","path":"/data/missing"}]""")]
    public async Task JsonPatch_ThatDoesNotApply_IsUnprocessableAndChangesNothing(string patch)
    {
        var made = await MakeMapAsync();

        (await Api.JsonPatchAsync(Map(Name()), patch)).Refused(422, "Invalid");

        (await Api.GetAsync(Map(Name()))).Version.ShouldBe(made.Version);
    }

    [Fact]
    public async Task JsonPatch_ThatIsNoArray_IsABadRequest()
    {
        await MakeMapAsync();

        (await Api.JsonPatchAsync(Map(Name()), """{"op":"add"}""")).Refused(400, "BadRequest");
    }

    [Fact]
    public async Task StrategicPatch_ListWithAMergeKey_IsMerged()
    {
        var service = await MakeServiceAsync();

        var patched = (await Api.StrategicAsync(service, """{"spec":{"ports":[{"port":81,"targetPort":9999},{"name":"c","port":82}]}}""")).Ok(200);

        patched["spec.ports"]!.AsArray().Select(p => $"{p.At("port")}>{p.At("targetPort")}").ShouldBe(["80>8080", "81>9999", "82>82"], ignoreOrder: true);
    }

    [Fact]
    public async Task StrategicPatch_DeleteDirective_RemovesTheItem()
    {
        var service = await MakeServiceAsync();

        var patched = (await Api.StrategicAsync(service, """{"spec":{"ports":[{"$patch":"delete","port":80}]}}""")).Ok(200);

        patched["spec.ports"]!.AsArray().Select(p => (int)p.At("port")!).ShouldBe([81]);
    }

    [Fact]
    public async Task StrategicPatch_ReplaceDirective_ReplacesTheMap()
    {
        await MakeMapAsync(data: "\"a\":\"1\",\"b\":\"2\"");

        var patched = (await Api.StrategicAsync(Map(Name()), """{"data":{"$patch":"replace","c":"3"}}""")).Ok(200);

        patched["data"]!.AsObject().Select(d => d.Key).ShouldBe(["c"]);
    }

    [Fact]
    public async Task StrategicPatch_DeleteFromPrimitiveList_TakesFinalizersAway()
    {
        await MakeMapAsync(metadata: "\"finalizers\":[\"conformance.mooring.dev/a\",\"conformance.mooring.dev/b\"]");

        var patched = (await Api.StrategicAsync(Map(Name()), """{"metadata":{"$deleteFromPrimitiveList/finalizers":["conformance.mooring.dev/a"]}}""")).Ok(200);

        patched["metadata.finalizers"]!.AsArray().Select(f => (string?)f).ShouldBe(["conformance.mooring.dev/b"]);
    }

    [Fact]
    public async Task Patch_UnknownContentType_IsUnsupported()
    {
        await MakeMapAsync();

        (await Api.SendAsync(HttpMethod.Patch, Map(Name()), "{}", "application/json")).Refused(415, "UnsupportedMediaType");
    }

    [Fact]
    public async Task Patch_ForceWithoutApply_IsInvalid()
    {
        await MakeMapAsync();

        (await Api.MergeAsync(Map(Name()) + "?force=true", "{}")).Refused(422, "Invalid", "force");
    }

    private async Task<string> MakeServiceAsync()
    {
        (await Api.PostAsync(Of("services"), $$$"""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"s{{{Name()}}}"},"spec":{ {{{Ports}}} }}
            """)).Ok(201);
        return Of("services", "s" + Name());
    }
}
