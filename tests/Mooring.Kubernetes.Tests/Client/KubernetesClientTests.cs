using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Client;

public sealed class KubernetesClientTests : ClientTestBase
{
    [Fact]
    public async Task Get_ExistingObject_ReturnsIt()
    {
        var client = await ClientAsync(c => c.JsonAsync(Answers.Pod("web-1", "7", ",\"status\":{\"podIP\":\"10.0.0.1\"}")));

        var pod = await client.GetAsync<V1Pod>("web-1", "a");

        pod.ShouldNotBeNull().Status!.PodIP.ShouldBe("10.0.0.1");
        Server.Requests.Single().Path.ShouldBe("/api/v1/namespaces/a/pods/web-1");
    }

    [Fact]
    public async Task Get_HostWithPath_KeepsThePath()
    {
        await ClientAsync(c => c.JsonAsync(Answers.Pod("p", "1")));
        var client = Connect(new KubernetesClientConfiguration { Host = new Uri(Server.Address, "/k8s/clusters/c1") });

        await client.GetAsync<V1Pod>("p", "a");

        Server.Requests.Single().Path.ShouldBe("/k8s/clusters/c1/api/v1/namespaces/a/pods/p");
    }

    [Fact]
    public async Task Get_MissingObject_ReturnsNull()
    {
        var client = await ClientAsync(c => c.StatusAsync(404, "NotFound", "no such pod", """{"name":"x","kind":"pods"}"""));

        (await client.GetAsync<V1Pod>("x", "a")).ShouldBeNull();
    }

    [Fact]
    public async Task Get_MissingKind_Throws()
    {
        var client = await ClientAsync(c =>
        {
            c.Response.StatusCode = 404;
            c.Response.ContentType = "text/plain";
            return c.Response.WriteAsync("404 page not found");
        });

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Pod>("x", "a"));

        fault.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        fault.Message.ShouldContain("404 page not found");
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a%2fb")]
    public async Task Get_NameOfAnotherPath_IsRefused(string name)
    {
        var client = await ClientAsync(c => c.JsonAsync("{}"));

        await Should.ThrowAsync<ArgumentException>(() => client.GetAsync<V1Pod>(name, "a"));

        Server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task List_SeveralPages_FollowsContinueAtOneVersion()
    {
        var client = await ClientAsync((c, n) => c.JsonAsync(n == 0
            ? Answers.List("10", "t+1", Answers.Pod("a", "1"), Answers.Pod("b", "2"))
            : Answers.List("10", null, Answers.Pod("c", "3"))));

        var list = await client.ListAsync<V1Pod>("a", new ListOptions { Limit = 2, LabelSelector = "app in (x,y)" });

        list.Items.Select(pod => pod.Metadata.Name).ShouldBe(["a", "b", "c"]);
        list.ResourceVersion.ShouldBe("10");
        Server.Requests.Select(r => r.Query).ShouldBe(
        [
            "?limit=2&labelSelector=app%20in%20%28x%2Cy%29",
            "?limit=2&continue=t%2B1&labelSelector=app%20in%20%28x%2Cy%29",
        ]);
    }

    [Fact]
    public async Task List_ContinueExpired_ListsAllAtOnce()
    {
        var client = await ClientAsync((c, n) => n switch
        {
            0 => c.JsonAsync(Answers.List("10", "t1", Answers.Pod("a", "1"))),
            1 => c.StatusAsync(410, "Expired", "the continue token is too old"),
            _ => c.JsonAsync(Answers.List("20", null, Answers.Pod("a", "1"), Answers.Pod("b", "15"))),
        });

        var list = await client.ListAsync<V1Pod>("a", new ListOptions { Limit = 1 });

        list.ResourceVersion.ShouldBe("20");
        list.Items.Count.ShouldBe(2);
        Server.Requests.Last().Query.ShouldBe("");
    }

    [Fact]
    public async Task List_ItemsWithoutKind_GetTheirs()
    {
        var client = await ClientAsync(c => c.JsonAsync(
            """{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"n"},"kind":null}]}"""));

        var slice = (await client.ListAsync<V1EndpointSlice>()).Items.Single();

        slice.ApiVersion.ShouldBe("discovery.k8s.io/v1");
        slice.Kind.ShouldBe("EndpointSlice");
        Server.Requests.Single().Path.ShouldBe("/apis/discovery.k8s.io/v1/endpointslices");
    }

    [Theory]
    [InlineData("""{"kind":"PodList"}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[null]}""")]
    [InlineData("""[1]""")]
    [InlineData("""null""")]
    public async Task List_NotAList_SaysSo(string json)
    {
        var client = await ClientAsync(c => c.JsonAsync(json));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.ListAsync<V1Pod>());

        fault.HttpRequestError.ShouldBe(HttpRequestError.InvalidResponse);
        fault.Message.ShouldContain("/api/v1/pods");
    }

    [Fact]
    public async Task Update_UnknownFields_SurviveTheRoundTrip()
    {
        var client = await ClientAsync((c, n) => n == 0
            ? c.JsonAsync(Answers.Pod("p", "1", ",\"spec\":{\"nodeName\":\"n1\",\"futureField\":{\"x\":[1,2]}},\"top\":true"))
            : c.JsonAsync(Answers.Pod("p", "2")));
        var pod = (await client.GetAsync<V1Pod>("p", "a"))!;

        pod.Spec!.NodeName = "n2";
        await client.UpdateAsync(pod);

        var sent = JsonDocument.Parse(Server.Requests.Last().Body).RootElement;
        sent.GetProperty("spec").GetProperty("futureField").GetProperty("x").GetArrayLength().ShouldBe(2);
        sent.GetProperty("spec").GetProperty("nodeName").GetString().ShouldBe("n2");
        sent.GetProperty("top").GetBoolean().ShouldBeTrue();
        sent.TryGetProperty("status", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Create_WithoutNamespace_IsRefused()
    {
        var client = await ClientAsync(c => c.JsonAsync("{}"));
        var pod = new V1Pod { Metadata = new V1ObjectMeta { Name = "p" } };

        (await Should.ThrowAsync<ArgumentException>(() => client.CreateAsync(pod))).Message.ShouldContain("metadata.namespace");
    }

    [Fact]
    public async Task UpdateStatus_PutsToTheSubresource()
    {
        var client = await ClientAsync(c => c.JsonAsync("""{"metadata":{"name":"n1"}}"""));

        await client.UpdateStatusAsync(new V1Node { Metadata = new V1ObjectMeta { Name = "n1" } });

        Server.Requests.Single().ShouldSatisfyAllConditions(
            r => r.Method.ShouldBe("PUT"),
            r => r.Path.ShouldBe("/api/v1/nodes/n1/status"));
    }

    [Theory]
    [InlineData(V1Patch.PatchType.JsonPatch, "application/json-patch+json")]
    [InlineData(V1Patch.PatchType.MergePatch, "application/merge-patch+json")]
    public async Task Patch_EachType_NamesItself(V1Patch.PatchType type, string contentType)
    {
        var client = await ClientAsync(c => c.JsonAsync(Answers.Pod("p", "2")));

        await client.PatchAsync<V1Pod>(new V1Patch("{}", type), "p", "a", "status");

        Server.Requests.Single().ShouldSatisfyAllConditions(
            r => r.Method.ShouldBe("PATCH"),
            r => r.Path.ShouldBe("/api/v1/namespaces/a/pods/p/status"),
            r => r.ContentType.ShouldBe(contentType));
    }

    [Fact]
    public async Task Apply_ObjectThatWasRead_LeavesItsFieldOwnersOut()
    {
        var client = await ClientAsync(c => c.JsonAsync(
            """{"metadata":{"name":"s","namespace":"a","managedFields":[{"manager":"other"}],"selfLink":"kept"}}"""));
        var service = (await client.GetAsync<V1Service>("s", "a"))!;

        await client.ApplyAsync(service, "mooring controller", force: true, subresource: "status");

        var seen = Server.Requests.Last();
        seen.Path.ShouldBe("/api/v1/namespaces/a/services/s/status");
        seen.Query.ShouldBe("?fieldManager=mooring%20controller&force=true");
        seen.ContentType.ShouldBe("application/apply-patch+yaml");
        seen.Body.ShouldNotContain("managedFields");
        seen.Body.ShouldContain("\"kind\":\"Service\"");
        seen.Body.ShouldContain("selfLink");
    }

    [Fact]
    public async Task Apply_Conflict_SurfacesTheCauses()
    {
        var client = await ClientAsync(c => c.StatusAsync(
            409, "Conflict", "Apply failed", """{"causes":[{"reason":"FieldManagerConflict","field":".spec.type"}]}"""));

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.ApplyAsync(
            new V1Service { Metadata = new V1ObjectMeta { Name = "s", NamespaceProperty = "a" } }, "m"));

        fault.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        fault.Status.Details!.Causes!.Single().Field.ShouldBe(".spec.type");
    }

    [Fact]
    public async Task Delete_WithOptions_SendsThem()
    {
        var client = await ClientAsync(c => c.JsonAsync("""{"kind":"Status","status":"Success"}"""));

        await client.DeleteAsync<V1Pod>("p", "a", new DeleteOptions { PropagationPolicy = "Foreground", Uid = "u" });

        Server.Requests.Single().Body.ShouldBe(
            """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Foreground","preconditions":{"uid":"u"}}""");
    }

    [Fact]
    public async Task Delete_MissingObject_IsNoError()
    {
        var client = await ClientAsync(c => c.StatusAsync(404, "NotFound", "gone", """{"name":"p"}"""));

        await client.DeleteAsync<V1Pod>("p", "a");

        Server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task GetVersion_ReadsIt()
    {
        var client = await ClientAsync(c => c.JsonAsync("""{"major":"1","minor":"36","gitVersion":"v1.36.0"}"""));

        (await client.GetVersionAsync()).GitVersion.ShouldBe("v1.36.0");
        (await client.GetRawAsync("/apis")).GetProperty("minor").GetString().ShouldBe("36");
    }

    [Fact]
    public async Task DryRun_EveryWrite_AsksForIt()
    {
        var client = await ClientAsync(c => c.JsonAsync(Answers.Pod("p", "1")));
        var pod = KubernetesJson.Deserialize<V1Pod>(Answers.Pod("p", "1"))!;
        var patch = new V1Patch("{}", V1Patch.PatchType.MergePatch);

        await client.DryRun.CreateAsync(pod);
        await client.DryRun.UpdateAsync(pod);
        await client.DryRun.UpdateStatusAsync(pod);
        await client.DryRun.PatchAsync<V1Pod>(patch, "p", "a");
        await client.DryRun.ApplyAsync(pod, "tests");
        await client.DryRun.PatchScaleAsync<V1Pod>(patch, "p", "a");
        await client.DryRun.UpdateScaleAsync<V1Pod>(new V1Scale { Metadata = pod.Metadata });

        Server.Requests.ShouldAllBe(request => request.Query.Contains("dryRun=All"));
        Server.Requests.Clear();
        await client.DryRun.DeleteAsync<V1Pod>("p", "a");
        await client.DryRun.DeleteCollectionAsync<V1Pod>("a");
        Server.Requests.ShouldAllBe(request => request.Body.Contains("\"dryRun\":[\"All\"]"));
        Server.Requests.Clear();
        await client.CreateAsync(pod);
        Server.Requests.Single().Query.ShouldNotContain("dryRun");
    }

    [Fact]
    public async Task DeleteCollection_Selectors_AreSent()
    {
        var client = await ClientAsync(c => c.JsonAsync("""{"kind":"Status","status":"Success"}"""));

        await client.DeleteCollectionAsync<V1Pod>("a", "app=web", "metadata.name!=p");

        var request = Server.Requests.Single();
        request.Method.ShouldBe("DELETE");
        request.Path.ShouldBe("/api/v1/namespaces/a/pods");
        request.Query.ShouldBe("?labelSelector=app%3Dweb&fieldSelector=metadata.name%21%3Dp");
        await Should.ThrowAsync<ArgumentException>(() => client.DeleteCollectionAsync<V1Pod>());
    }

    [Fact]
    public async Task Scale_OfAnObject_IsReadReplacedAndPatched()
    {
        var client = await ClientAsync(c => c.JsonAsync(
            """{"kind":"Scale","metadata":{"name":"p","namespace":"a"},"spec":{"replicas":3},"status":{"replicas":2,"selector":"app=web"}}"""));

        var scale = await client.GetScaleAsync<V1Pod>("p", "a");
        scale.Spec!.Replicas = 5;
        await client.UpdateScaleAsync<V1Pod>(scale);
        await client.PatchScaleAsync<V1Pod>(
            new V1Patch("""{"spec":{"replicas":7}}""", V1Patch.PatchType.MergePatch), "p", "a");

        scale.Status!.Selector.ShouldBe("app=web");
        Server.Requests.Select(request => $"{request.Method} {request.Path}").ShouldBe(
            [.. new[] { "GET", "PUT", "PATCH" }.Select(method => $"{method} /api/v1/namespaces/a/pods/p/scale")]);
        Server.Requests.ElementAt(1).Body.ShouldContain("\"replicas\":5");
    }

    [Fact]
    public async Task Watch_InitialEvents_AreAskedForAsTheServerWants()
    {
        var end = """{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}""";
        var client = await ClientAsync(c => c.SendAsync(
            Answers.Event("ADDED", Answers.Pod("p", "1")) + "\n" + Answers.Event("BOOKMARK", end) + "\n"));

        var seen = new List<WatchEvent<V1Pod>>();
        await foreach (var change in client.WatchAsync<V1Pod>("a", new WatchOptions { SendInitialEvents = true, AllowBookmarks = false }))
        {
            seen.Add(change);
        }

        Server.Requests.Single().Query.ShouldBe(
            "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        seen.Select(change => change.EndsInitialEvents).ShouldBe([false, true]);
    }

    [Fact]
    public async Task List_FieldOwnersOmitted_KeepsOtherUnknownFields()
    {
        var pod = """
            {"metadata":{"name":"p","managedFields":[{"manager":"x","fieldsV1":{"f:metadata":{}}}],"other":1}}
            """;
        var client = await ClientAsync(c => c.JsonAsync(Answers.List("1", null, pod)));

        var lean = (await client.ListAsync<V1Pod>("a", new ListOptions { Fields = ObjectFields.WithoutManagedFields })).Items.Single();
        var whole = (await client.ListAsync<V1Pod>("a")).Items.Single();

        lean.Metadata.ExtensionData!.Keys.ShouldBe(["other"]);
        whole.Metadata.ExtensionData!.Keys.ShouldBe(["managedFields", "other"]);
        (await client.ListAsync<V1Pod>("a", new ListOptions { Fields = ObjectFields.Modelled })).Items.Single()
            .Metadata.ShouldSatisfyAllConditions(m => m.ExtensionData.ShouldBeNull(), m => m.Name.ShouldBe("p"));
    }

    [Fact]
    public async Task List_FieldOwnersOmittedFromALongAnswerInPieces_KeepsTheRest()
    {
        var owners = string.Join(',', Enumerable.Repeat("""{"manager":"x","fieldsV1":{"f:a":{"f:b":[1,"}"]}}}""", 40));
        var pods = Enumerable.Range(0, 200).Select(i => $$$"""
            {"metadata":{"name":"p{{{i}}}","managedFields":[{{{owners}}}],"uid":"u{{{i}}}"}}
            """);
        var body = Answers.List("1", null, [.. pods]);
        var client = await ClientAsync(async c =>
        {
            for (var at = 0; at < body.Length; at += 5000)
            {
                await c.SendAsync(body[at..Math.Min(body.Length, at + 5000)]);
            }
        });

        var list = await client.ListAsync<V1Pod>("a", new ListOptions { Fields = ObjectFields.WithoutManagedFields });

        list.Items.Select(pod => pod.Metadata.Uid).ShouldBe(Enumerable.Range(0, 200).Select(i => $"u{i}"));
        list.Items.ShouldAllBe(pod => pod.Metadata.ExtensionData == null);
    }
}
