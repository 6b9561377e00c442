using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Deletion;

public sealed class DeleteTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string Finalizer = "conformance.mooring.dev/hold";

    [Fact]
    public async Task Delete_Object_AnswersItsUidAndRemovesIt()
    {
        var made = await MakeMapAsync();

        var deleted = (await Api.DeleteAsync(Map(Name()))).Ok(200);

        deleted.Json.Text("kind").ShouldBe("Status");
        deleted.Json.Text("status").ShouldBe("Success");
        deleted.Json.Text("details.uid").ShouldBe(made.Uid);
        (await Api.GetAsync(Map(Name()))).Refused(404, "NotFound");
    }

    [Fact]
    public async Task Delete_Service_AnswersTheObject()
    {
        (await Api.PostAsync(Of("services"), $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{Name()}}}"},"spec":{"clusterIP":"None"}}""")).Ok(201);

        (await Api.DeleteAsync(Of("services", Name()))).Ok(200).Json.Text("kind").ShouldBe("Service");
    }

    [Fact]
    public async Task Delete_MissingObject_IsNotFound() => (await Api.DeleteAsync(Map(Name()))).Refused(404, "NotFound");

    [Fact]
    public async Task Delete_UidOfAnother_IsAConflict()
    {
        var made = await MakeMapAsync();

        (await Api.DeleteAsync(Map(Name()), Options($"\"preconditions\":{{\"uid\":\"{RandomUid()}\"}}"))).Refused(409, "Conflict");
        (await Api.DeleteAsync(Map(Name()), Options($"\"preconditions\":{{\"uid\":\"{made.Uid}\"}}"))).Ok(200);
    }

    [Fact]
    public async Task Delete_StaleVersion_IsAConflict()
    {
        var made = await MakeMapAsync();
        var changed = (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Ok();

        (await Api.DeleteAsync(Map(Name()), Options($"\"preconditions\":{{\"resourceVersion\":\"{made.Version}\"}}"))).Refused(409, "Conflict");
        (await Api.DeleteAsync(Map(Name()), Options($"\"preconditions\":{{\"resourceVersion\":\"{changed.Version}\"}}"))).Ok(200);
    }

    [Fact]
    public async Task Delete_WithAFinalizer_MarksUntilItIsTakenAway()
    {
        var made = await MakeMapAsync(metadata: $"\"finalizers\":[\"{Finalizer}\"]");

        var marked = (await Api.DeleteAsync(Map(Name()))).Ok();

        marked.Json.Text("kind").ShouldBe("ConfigMap");
        marked["metadata.deletionTimestamp"].ShouldNotBeNull();
        ((long)marked["metadata.deletionGracePeriodSeconds"]!).ShouldBe(0);
        marked.Uid.ShouldBe(made.Uid);
        (await Api.GetAsync(Map(Name()))).Ok(200);
        (await Api.MergeAsync(Map(Name()), """{"metadata":{"finalizers":null}}""")).Ok(200);
        (await Api.GetAsync(Map(Name()))).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Delete_MarkedObjectAgain_KeepsItsTimestamp()
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Finalizer}\"]");
        var first = (await Api.DeleteAsync(Map(Name()))).Ok();

        var second = (await Api.DeleteAsync(Map(Name()))).Ok();

        second.Json.Text("metadata.deletionTimestamp").ShouldBe(first.Json.Text("metadata.deletionTimestamp"));
        second.Version.ShouldBe(first.Version);
    }

    [Fact]
    public async Task Update_MarkedObject_MayNotGainFinalizers()
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Finalizer}\"]");
        (await Api.DeleteAsync(Map(Name()))).Ok();

        (await Api.MergeAsync(Map(Name()), $$$"""{"metadata":{"finalizers":["{{{Finalizer}}}","conformance.mooring.dev/late"]}}""")).Refused(422, "Invalid", "metadata.finalizers");
        (await Api.MergeAsync(Map(Name()), """{"data":{"k":"2"}}""")).Ok(200);
    }

    [Fact]
    public async Task Update_DeletionTimestamp_CannotBeSetOrTakenBack()
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Finalizer}\"]");
        await Api.MergeAsync(Map(Name()), """{"metadata":{"deletionTimestamp":"2001-01-01T00:00:00Z"}}""");
        (await Api.GetAsync(Map(Name())))["metadata.deletionTimestamp"].ShouldBeNull();
        (await Api.DeleteAsync(Map(Name()))).Ok();

        await Api.MergeAsync(Map(Name()), """{"metadata":{"deletionTimestamp":null}}""");

        (await Api.GetAsync(Map(Name())))["metadata.deletionTimestamp"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Create_NameOfAMarkedObject_IsAlreadyExists()
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Finalizer}\"]");
        (await Api.DeleteAsync(Map(Name()))).Ok();

        (await Api.PostAsync(Maps, MapJson(Name()))).Refused(409, "AlreadyExists");
    }

    [Fact]
    public async Task Create_NameOfADeletedObject_IsANewObject()
    {
        var first = await MakeMapAsync();
        (await Api.DeleteAsync(Map(Name()))).Ok();

        (await MakeMapAsync()).Uid.ShouldNotBe(first.Uid);
    }

    [Fact]
    public async Task Delete_UnknownPropagation_IsInvalid()
    {
        await MakeMapAsync();

        (await Api.DeleteAsync(Map(Name()), Options("\"propagationPolicy\":\"Sideways\""))).Refused(422, "Invalid", "propagationPolicy");
    }

    [Fact]
    public async Task DeleteCollection_Selected_RemovesThoseAlone()
    {
        await MakeMapAsync(Name("a"), metadata: "\"annotations\":{\"x\":\"y\"}");
        await MakeMapAsync(Name("b"));
        (await Api.MergeAsync(Map(Name("b")), """{"metadata":{"labels":{"keep":"yes"}}}""")).Ok();

        var deleted = (await Api.DeleteAsync($"{Maps}?{Selected},!keep")).Ok(200);

        deleted.Json.Text("kind").ShouldBe("ConfigMapList");
        deleted.Names.ShouldBe([Name("a")]);
        (await Api.GetAsync($"{Maps}?{Selected}")).Names.ShouldBe([Name("b")]);
    }

    [Fact]
    public async Task DeleteCollection_OfAllNamespaces_IsNotAllowed() => (await Api.DeleteAsync("api/v1/configmaps?labelSelector=none%3Dsuch")).Code.ShouldBe(405);

    [Fact]
    public async Task Delete_DefaultNamespace_IsForbidden() => (await Api.DeleteAsync("api/v1/namespaces/default?dryRun=All")).Refused(403, "Forbidden");

    [Fact]
    public async Task Namespace_Terminating_TakesNoNewObjects()
    {
        var ns = $"mooring-conformance-{Case}";
        await Cluster.MakeNamespaceAsync(ns);
        var maps = $"api/v1/namespaces/{ns}/configmaps";
        (await Api.PostAsync(maps, $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hold","finalizers":["{{{Finalizer}}}"]}}""")).Ok(201);

        var terminating = (await Api.DeleteAsync($"api/v1/namespaces/{ns}")).Ok();

        terminating.Json.Text("status.phase").ShouldBe("Terminating");
        var refused = await Api.PostAsync(maps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"late"}}""");
        refused.Refused(403, "Forbidden").Json.Text("details.causes.0.reason").ShouldBe("NamespaceTerminating");
        (await Api.MergeAsync($"{maps}/hold", """{"metadata":{"finalizers":null}}""")).Ok(200);
    }

    [Fact]
    public async Task Namespace_Finalize_LetsItGo()
    {
        var ns = $"mooring-conformance-{Case}";
        await Cluster.MakeNamespaceAsync(ns);
        (await Api.PostAsync($"api/v1/namespaces/{ns}/configmaps", $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hold","finalizers":["{{{Finalizer}}}"]}}""")).Ok(201);
        (await Api.DeleteAsync($"api/v1/namespaces/{ns}")).Ok();
        (await Api.GetAsync($"api/v1/namespaces/{ns}")).Ok(200);
        (await Api.MergeAsync($"api/v1/namespaces/{ns}/configmaps/hold", """{"metadata":{"finalizers":null}}""")).Ok();

        // A namespace controller may be first, which is as well.
        await Eventually.TrueAsync(
            async () =>
            {
                var found = await Api.GetAsync($"api/v1/namespaces/{ns}");
                if (found.Code == 200)
                {
                    var value = found.Json;
                    value["spec"] = new JsonObject { ["finalizers"] = new JsonArray() };
                    (await Api.PutAsync($"api/v1/namespaces/{ns}/finalize", value.ToJsonString())).Code.ShouldBeOneOf(200, 404, 409);
                }

                return found.Code == 404;
            },
            "the namespace is gone");
    }

    private static string Options(string fields) => $$$"""{"apiVersion":"v1","kind":"DeleteOptions",{{{fields}}} }""";
}
