using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class ObjectRequestTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Create_ConfigMap_GetsWhatTheServerOwns()
    {
        var ns = await server.NewNamespaceAsync();
        var made = await CreateAsync(ns, "a");

        made.Code.ShouldBe(201);
        var metadata = made.Body["metadata"]!;
        Guid.TryParse((string?)metadata["uid"], out _).ShouldBeTrue();
        metadata["creationTimestamp"].ShouldNotBeNull();
        ((string?)metadata["managedFields"]![0]!["manager"]).ShouldBe("test");
        (await CreateAsync(ns, "a")).Message.ShouldBe("configmaps \"a\" already exists");
        (await server.GetAsync($"/api/v1/namespaces/{ns}/configmaps/b")).Message.ShouldBe("configmaps \"b\" not found");
    }

    [Fact]
    public async Task Create_GenerateName_MakesUniqueNames()
    {
        var ns = await server.NewNamespaceAsync();
        var body = new JsonObject { ["metadata"] = new JsonObject { ["generateName"] = "gen-" } };
        var names = new HashSet<string>();
        for (var i = 0; i < 5; i++)
        {
            names.Add((string)(await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", body)).Body["metadata"]!["name"]!);
        }

        names.Count.ShouldBe(5);
        names.ShouldAllBe(n => n.StartsWith("gen-") && n.Length == 9);
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"Bad_Name"}}""", 422, "metadata.name")]
    [InlineData("""{"metadata":{}}""", 422, "metadata.name: Required value")]
    [InlineData("""{"metadata":{"name":"x","labels":{"a":"b c"}}}""", 422, "metadata.labels")]
    [InlineData("""{"metadata":{"name":"x"},"data":{"k":5}}""", 400, "data.k")]
    [InlineData("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}""", 400, "do not match")]
    [InlineData("""{"metadata":{"name":"x","resourceVersion":"5"}}""", 400, "resourceVersion should not be set")]
    [InlineData("""{"metadata":{"name":"x","namespace":"other"}}""", 400, "does not match the namespace")]
    public async Task Create_BadInput_IsRefusedWithTheField(string body, int code, string expected)
    {
        var ns = await server.NewNamespaceAsync();
        var answer = await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", JsonNode.Parse(body));
        answer.Code.ShouldBe(code);
        answer.Message.ShouldContain(expected);
    }

    [Fact]
    public async Task Create_InNoNamespace_IsNotFound()
    {
        (await CreateAsync("no-such-namespace", "a")).Message.ShouldBe("namespaces \"no-such-namespace\" not found");
    }

    [Fact]
    public async Task Update_StaleResourceVersion_IsAConflict()
    {
        var ns = await server.NewNamespaceAsync();
        var made = await CreateAsync(ns, "a");
        var path = $"/api/v1/namespaces/{ns}/configmaps/a";
        var next = (JsonObject)made.Body.DeepClone();
        next["data"] = new JsonObject { ["k"] = "2" };
        (await server.SendAsync("PUT", path, next)).Code.ShouldBe(200);

        var stale = await server.SendAsync("PUT", path, next);

        stale.Code.ShouldBe(409);
        stale.Message.ShouldContain("the object has been modified; please apply your changes to the latest version");
    }

    [Fact]
    public async Task Update_NoChange_KeepsTheResourceVersion()
    {
        var ns = await server.NewNamespaceAsync();
        var made = await CreateAsync(ns, "a");

        (await server.SendAsync("PUT", $"/api/v1/namespaces/{ns}/configmaps/a", made.Body)).ResourceVersion.ShouldBe(made.ResourceVersion);
    }

    [Fact]
    public async Task DryRun_Write_LeavesNothing()
    {
        var ns = await server.NewNamespaceAsync();
        (await CreateAsync(ns, "a", "?dryRun=All")).Code.ShouldBe(201);
        (await server.GetAsync($"/api/v1/namespaces/{ns}/configmaps/a")).Code.ShouldBe(404);
        (await CreateAsync(ns, "a", "?dryRun=Some")).Code.ShouldBe(422);
    }

    [Fact]
    public async Task FieldValidation_UnknownField_WarnsOrRefuses()
    {
        var ns = await server.NewNamespaceAsync();
        var body = JsonNode.Parse("""{"metadata":{"name":"a"},"dota":{"x":"y"}}""");

        (await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps?fieldValidation=Strict", body))
            .Message.ShouldContain("strict decoding error: unknown field \"dota\"");
        var warned = await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", body);
        warned.Code.ShouldBe(201);
        warned.Warnings.ShouldBe(["299 - \"unknown field \\\"dota\\\"\""]);
        warned.Body.ContainsKey("dota").ShouldBeFalse();
    }

    [Fact]
    public async Task Service_Create_IsGivenAnAddressThatNobodyElseHas()
    {
        var ns = await server.NewNamespaceAsync();
        var body = JsonNode.Parse("""{"metadata":{"generateName":"s"},"spec":{"type":"NodePort","ports":[{"port":80}]}}""");
        var made = new List<JsonNode>();
        for (var i = 0; i < 3; i++)
        {
            made.Add((await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/services", body)).Body["spec"]!);
        }

        made.Select(s => (string)s["clusterIP"]!).Distinct().Count().ShouldBe(3);
        made.Select(s => (int)s["ports"]![0]!["nodePort"]!).Distinct().Count().ShouldBe(3);
        made.ShouldAllBe(s => (string)s["ports"]![0]!["protocol"]! == "TCP" && (int)s["ports"]![0]!["targetPort"]! == 80);
    }

    [Fact]
    public async Task Status_OfAPod_IsWrittenOnlyThroughItsSubresource()
    {
        var ns = await server.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{ns}/pods";
        await server.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"p"},"spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}"""));
        const string Merge = "application/merge-patch+json";

        var main = await server.SendAsync("PATCH", $"{path}/p", JsonNode.Parse("""{"status":{"phase":"Running"},"metadata":{"labels":{"a":"b"}}}"""), Merge);
        ((string?)main.Body["status"]!["phase"]).ShouldBe("Pending");
        ((string?)main.Body["metadata"]!["labels"]!["a"]).ShouldBe("b");

        var status = await server.SendAsync("PATCH", $"{path}/p/status", JsonNode.Parse("""{"status":{"phase":"Running","podIP":"10.1.0.1"},"spec":{"nodeName":"n2"}}"""), Merge);
        ((string?)status.Body["status"]!["podIP"]).ShouldBe("10.1.0.1");
        ((string?)status.Body["spec"]!["nodeName"]).ShouldBe("n1");

        (await server.GetAsync($"{path}?fieldSelector=spec.nodeName=n1,status.phase=Running")).Body["items"]!.AsArray().Count.ShouldBe(1);
        (await server.GetAsync($"{path}?fieldSelector=spec.nodeName=n2")).Body["items"]!.AsArray().ShouldBeEmpty();
        (await server.GetAsync($"{path}?fieldSelector=spec.color=red")).Message.ShouldBe("field label not supported: spec.color");
    }

    [Fact]
    public async Task List_Paged_IsOfOneRevision()
    {
        var ns = await server.NewNamespaceAsync();
        for (var i = 0; i < 7; i++)
        {
            await CreateAsync(ns, $"c{i}");
        }

        var path = $"/api/v1/namespaces/{ns}/configmaps?limit=3";
        var first = await server.GetAsync(path);
        await server.SendAsync("DELETE", $"/api/v1/namespaces/{ns}/configmaps/c4");
        await CreateAsync(ns, "c9");
        var second = await server.GetAsync($"{path}&continue={first.Body["metadata"]!["continue"]}");
        var third = await server.GetAsync($"{path}&continue={second.Body["metadata"]!["continue"]}");

        Names(first, second, third).ShouldBe(["c0", "c1", "c2", "c3", "c4", "c5", "c6"]);
        third.Body["metadata"]!["continue"].ShouldBeNull();
        third.ResourceVersion.ShouldBe(first.ResourceVersion);
        (await server.GetAsync($"{path}&continue=garbage")).Code.ShouldBe(400);
    }

    [Fact]
    public async Task Patch_NotAPatchType_IsUnsupported()
    {
        var ns = await server.NewNamespaceAsync();
        await CreateAsync(ns, "a");
        (await server.SendAsync("PATCH", $"/api/v1/namespaces/{ns}/configmaps/a", new JsonObject())).Code.ShouldBe(415);
    }

    [Fact]
    public async Task Event_WrittenInOneSpelling_IsReadInTheOther()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/apis/events.k8s.io/v1/namespaces/{ns}/events", JsonNode.Parse("""
            {"metadata":{"name":"e"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingController":"m","reportingInstance":"m-1","action":"Move",
             "reason":"Moved","note":"to node b","type":"Normal","regarding":{"kind":"Gadget","name":"web","namespace":"x"}}
            """));

        var found = await server.GetAsync($"/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.name=web");

        var item = found.Body["items"]![0]!;
        ((string?)item["message"]).ShouldBe("to node b");
        ((string?)item["involvedObject"]!["kind"]).ShouldBe("Gadget");
        (await server.GetAsync($"/apis/events.k8s.io/v1/namespaces/{ns}/events/e")).Body["note"]!.ToString().ShouldBe("to node b");
    }

    [Fact]
    public async Task Table_List_HasColumnsAndCells()
    {
        var ns = await server.NewNamespaceAsync();
        await CreateAsync(ns, "a");
        var table = await server.SendAsync("GET", $"/api/v1/namespaces/{ns}/configmaps", accept: "application/json;as=Table;v=v1;g=meta.k8s.io");

        ((string?)table.Body["kind"]).ShouldBe("Table");
        table.Body["columnDefinitions"]!.AsArray().Select(c => (string)c!["name"]!).ShouldBe(["Name", "Data", "Age"]);
        table.Body["rows"]![0]!["cells"]![0]!.ToString().ShouldBe("a");
        ((string?)table.Body["rows"]![0]!["object"]!["kind"]).ShouldBe("PartialObjectMetadata");
    }

    private Task<Answer> CreateAsync(string ns, string name, string query = "") => server.SendAsync(
        "POST", $"/api/v1/namespaces/{ns}/configmaps{query}", JsonNode.Parse("{\"metadata\":{\"name\":\"" + name + "\"},\"data\":{\"k\":\"1\"}}"));

    private static IEnumerable<string> Names(params Answer[] pages) => pages.SelectMany(p => p.Body["items"]!.AsArray()).Select(i => (string)i!["metadata"]!["name"]!);
}
