using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Apply;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.Tests.KubeApi.Apply;

public sealed class FieldOwnershipTests
{
    private static readonly ResourceType Gadget = CrdTypes.Read(SampleCrd.Json(), []).First(t => t.Version == "v1");

    [Fact]
    public void Apply_NewObject_OwnsWhatItSets()
    {
        var made = Apply("one", null, """{"size":"S","ports":[{"name":"a","port":80}]}""");

        FieldsOf(made, "one").ShouldBe("""{"f:spec":{"f:ports":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:port":{}}},"f:size":{}}}""");
    }

    [Fact]
    public void Apply_SameAgain_ChangesNothing()
    {
        var made = Apply("one", null, """{"size":"S"}""");

        Apply("one", made, """{"size":"S"}""").ToJsonString().ShouldBe(made.ToJsonString());
    }

    [Fact]
    public void Apply_ValueOfAnother_IsAConflictThatNamesFieldAndOwner()
    {
        var made = Apply("one", null, """{"size":"S","color":"red"}""");

        var refused = Should.Throw<ApiException>(() => Apply("two", made, """{"size":"L","color":"blue"}"""));

        refused.Code.ShouldBe(409);
        refused.Message.ShouldBe("Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.color\n- .spec.size");
        refused.Details!["causes"]!.AsArray().Select(c => (string)c!["field"]!).ShouldBe([".spec.color", ".spec.size"]);
    }

    [Fact]
    public void Apply_SameValueAsAnother_IsShared()
    {
        var made = Apply("one", null, """{"size":"S"}""");

        var shared = Apply("two", made, """{"size":"S"}""");

        FieldsOf(shared, "one").ShouldBe("""{"f:spec":{"f:size":{}}}""");
        FieldsOf(shared, "two").ShouldBe("""{"f:spec":{"f:size":{}}}""");
        SpecOf(Apply("one", shared, "{}")).ShouldBe("""{"size":"S"}""");
    }

    [Fact]
    public void Apply_Forced_TakesTheFieldOver()
    {
        var made = Apply("one", null, """{"size":"S","color":"red"}""");

        var taken = Apply("two", made, """{"size":"L"}""", force: true);

        SpecOf(taken).ShouldBe("""{"size":"L","color":"red"}""");
        FieldsOf(taken, "one").ShouldBe("""{"f:spec":{"f:color":{}}}""");
    }

    [Fact]
    public void Apply_FieldNoLongerApplied_IsRemoved()
    {
        var made = Apply("one", null, """{"size":"S","color":"red","ports":[{"name":"a","port":1},{"name":"b","port":2}]}""");

        SpecOf(Apply("one", made, """{"size":"S","ports":[{"name":"b","port":2}]}""")).ShouldBe("""{"size":"S","ports":[{"name":"b","port":2}]}""");
    }

    [Fact]
    public void Apply_ItemsOfAListMap_AreOwnedApart()
    {
        var made = Apply("one", null, """{"size":"S","ports":[{"name":"a","port":1}]}""");
        var both = Apply("two", made, """{"ports":[{"name":"b","port":2}]}""");
        SpecOf(both).ShouldBe("""{"size":"S","ports":[{"name":"a","port":1},{"name":"b","port":2}]}""");

        SpecOf(Apply("one", both, """{"size":"S"}""")).ShouldBe("""{"size":"S","ports":[{"name":"b","port":2}]}""");
    }

    [Fact]
    public void RecordUpdate_ChangedField_MovesToTheUpdater()
    {
        var made = Apply("one", null, """{"size":"S","color":"red"}""");
        var next = (JsonObject)made.DeepClone();
        next["spec"]!["color"] = "blue";

        Ownership("editor").RecordUpdate(made, next);

        FieldsOf(next, "one").ShouldBe("""{"f:spec":{"f:size":{}}}""");
        FieldsOf(next, "editor").ShouldBe("""{"f:spec":{"f:color":{}}}""");
        Should.Throw<ApiException>(() => Apply("one", next, """{"size":"S","color":"red"}"""))
            .Message.ShouldBe("Apply failed with 1 conflict: conflict with \"editor\" using test.mooring.dev/v1: .spec.color");
    }

    [Fact]
    public void RecordUpdate_StatusSubresource_OwnsOnlyStatus()
    {
        var made = Apply("one", null, """{"size":"S"}""");
        var next = (JsonObject)made.DeepClone();
        next["status"] = new JsonObject { ["ready"] = true };

        new FieldOwnership(Gadget, "controller", "status", DateTimeOffset.UnixEpoch).RecordUpdate(made, next);

        FieldsOf(next, "controller").ShouldBe("""{"f:status":{".":{},"f:ready":{}}}""");
    }

    [Fact]
    public void FieldSet_Json_RoundTrips()
    {
        const string Text = """{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:list":{"k:{\"a\":1}":{".":{},"f:b":{}},"v:\"x\"":{}}}}""";

        FieldSet.FromJson((JsonObject)JsonNode.Parse(Text)!).ToJson().ToString().ShouldBe(JsonNode.Parse(Text)!.ToString());
    }

    private static FieldOwnership Ownership(string manager) => new(Gadget, manager, "", DateTimeOffset.UnixEpoch);

    private static JsonObject Apply(string manager, JsonObject? live, string spec, bool force = false) => Ownership(manager).Apply(
        live, new JsonObject { ["apiVersion"] = "test.mooring.dev/v1", ["kind"] = "Gadget", ["metadata"] = new JsonObject { ["name"] = "g" }, ["spec"] = JsonNode.Parse(spec) }, force);

    private static string SpecOf(JsonObject value) => JsonBody.ToText(value["spec"]!);

    private static string FieldsOf(JsonObject value, string manager) => JsonBody.ToText(
        value["metadata"]!["managedFields"]!.AsArray().Single(e => (string)e!["manager"]! == manager)!["fieldsV1"]!);
}
