using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Subresources;

public sealed class StatusTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private string Status => Widgets.Path(Name(), "status");

    [Fact]
    public async Task Create_StatusInTheBody_IsDropped() => (await CreateAsync("\"size\":\"S\"", rest: "\"status\":{\"phase\":\"x\"}")).Ok(201)["status"].ShouldBeNull();

    [Fact]
    public async Task UpdateStatus_ChangesTheStatusAlone()
    {
        var value = (await CreateAsync("\"size\":\"S\"")).Ok(201).Json;
        value["spec"]!["size"] = "L";
        value["metadata"]!["labels"] = new System.Text.Json.Nodes.JsonObject { ["a"] = "b" };
        value["status"] = new System.Text.Json.Nodes.JsonObject { ["phase"] = "Ready" };

        var updated = (await Api.PutAsync(Status, value.ToJsonString())).Ok(200);

        updated.Json.Text("status.phase").ShouldBe("Ready");
        updated.Json.Text("spec.size").ShouldBe("S");
        updated["metadata.labels"].ShouldBeNull();
    }

    [Fact]
    public async Task UpdateObject_LeavesTheStatusAlone()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);
        (await Api.MergeAsync(Status, """{"status":{"phase":"Ready"}}""")).Ok(200);

        var patched = (await Api.MergeAsync(Widget, """{"spec":{"size":"L"},"status":{"phase":"Lost"}}""")).Ok(200);

        patched.Json.Text("spec.size").ShouldBe("L");
        patched.Json.Text("status.phase").ShouldBe("Ready");
    }

    [Fact]
    public async Task PatchStatus_InvalidValue_IsInvalid()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);

        (await Api.MergeAsync(Status, """{"status":{"observed":"x"}}""")).Refused(422, "Invalid", "status.observed");
    }

    [Fact]
    public async Task UpdateStatus_StaleVersion_IsAConflict()
    {
        var stale = (await CreateAsync("\"size\":\"S\"")).Ok(201);
        (await Api.MergeAsync(Widget, """{"spec":{"size":"L"}}""")).Ok(200);

        (await Api.PutAsync(Status, stale.Text)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task GetStatus_IsTheWholeObject()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);

        (await Api.GetAsync(Status)).Ok(200).Json.Text("spec.size").ShouldBe("S");
    }

    [Fact]
    public async Task Conditions_OfTwoAppliers_StandSideBySide()
    {
        (await CreateAsync("\"size\":\"S\"")).Ok(201);
        string Condition(string type) => Json("\"size\":\"S\"", rest: $"\"status\":{{\"conditions\":[{{\"type\":\"{type}\",\"status\":\"True\"}}]}}");
        (await Api.ApplyAsync(Status, "one", Condition("A"))).Ok(200);

        var applied = (await Api.ApplyAsync(Status, "two", Condition("B"))).Ok(200);

        applied["status.conditions"]!.AsArray().Select(c => c.Text("type")).ShouldBe(["A", "B"], ignoreOrder: true);
    }

    [Fact]
    public async Task Status_OfAKindWithoutOne_IsNotFound()
    {
        await MakeMapAsync();

        (await Api.GetAsync(Map(Name()) + "/status")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task ServiceStatus_Ingress_IsStored()
    {
        (await Api.PostAsync(Of("services"), $$$"""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name()}}}"},"spec":{"type":"LoadBalancer","loadBalancerClass":"conformance.mooring.dev/none","ports":[{"port":80}]}}
            """)).Ok(201);

        var patched = (await Api.MergeAsync(Of("services", Name()) + "/status", """{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}""")).Ok(200);

        patched.Json.Text("status.loadBalancer.ingress.0.ip").ShouldBe("192.0.2.1");
    }
}
