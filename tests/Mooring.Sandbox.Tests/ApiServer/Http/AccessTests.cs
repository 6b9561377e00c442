using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class AccessTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("/api/v1/namespaces", null, 401)]
    [InlineData("/api/v1/namespaces", "Bearer wrong", 401)]
    [InlineData("/version", "Bearer wrong", 401)]
    [InlineData("/version", null, 200)]
    [InlineData("/healthz", null, 200)]
    [InlineData("/readyz", null, 200)]
    [InlineData("/livez", null, 200)]
    [InlineData("/apis", null, 401)]
    public async Task Request_Token_Decides(string path, string? authorization, int code)
    {
        using var client = new HttpClient { BaseAddress = server.Server.Address };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        ((int)(await client.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(code);
    }

    [Fact]
    public async Task TokenRequest_IssuedToken_IsReviewedForItsAudience()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts", JsonNode.Parse("""{"metadata":{"name":"agent"}}"""));
        var issued = await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts/agent/token", JsonNode.Parse("""{"spec":{"audiences":["mooring"]}}"""));
        issued.Code.ShouldBe(201);
        var token = (string)issued.Body["status"]!["token"]!;

        var good = await ReviewAsync(token, "mooring");
        good["authenticated"]!.GetValue<bool>().ShouldBeTrue();
        good["user"]!["username"]!.ToString().ShouldBe($"system:serviceaccount:{ns}:agent");
        (await ReviewAsync(token, "other"))["authenticated"]!.GetValue<bool>().ShouldBeFalse();
        (await ReviewAsync(token[..^3] + "AAA", "mooring"))["authenticated"]!.GetValue<bool>().ShouldBeFalse();
        (await ReviewAsync("garbage", "mooring"))["authenticated"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task TokenRequest_BoundToAPodOnANode_NamesBothAndDiesWithThePod()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", "/api/v1/nodes", JsonNode.Parse($$$"""{"metadata":{"name":"{{{ns}}}"}}"""));
        await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts", JsonNode.Parse("""{"metadata":{"name":"agent"}}"""));
        var pod = (await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/pods", JsonNode.Parse($$$"""
            {"metadata":{"name":"p"},"spec":{"nodeName":"{{{ns}}}","serviceAccountName":"agent","containers":[{"name":"c","image":"i"}]}}
            """))).Body;
        var issued = await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts/agent/token", JsonNode.Parse(
            """{"spec":{"audiences":["mooring"],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"p"}}}"""));
        issued.Code.ShouldBe(201);
        var token = (string)issued.Body["status"]!["token"]!;

        var extra = (await ReviewAsync(token, "mooring"))["user"]!["extra"]!;
        ((string?)extra["authentication.kubernetes.io/pod-name"]![0]).ShouldBe("p");
        ((string?)extra["authentication.kubernetes.io/pod-uid"]![0]).ShouldBe((string?)pod["metadata"]!["uid"]);
        ((string?)extra["authentication.kubernetes.io/node-name"]![0]).ShouldBe(ns);
        ((string?)extra["authentication.kubernetes.io/node-uid"]![0]).ShouldNotBeNullOrEmpty();

        await server.SendAsync("DELETE", $"/api/v1/namespaces/{ns}/pods/p?gracePeriodSeconds=0");
        (await ReviewAsync(token, "mooring"))["authenticated"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothings", 404, "could not find the requested resource")]
    [InlineData("GET", "/apis/none.dev/v1/things", 404, "could not find")]
    [InlineData("GET", "/apis/none.dev/v1", 404, "could not find")]
    [InlineData("GET", "/api/v1/namespaces/default/pods/p/log", 501, "the log subresource of pods")]
    [InlineData("GET", "/api/v1/watch/pods", 501, "deprecated watch path")]
    [InlineData("GET", "/openapi/v2", 501, "OpenAPI v2")]
    [InlineData("POST", "/api/v1/pods", 405, "does not allow this method")]
    [InlineData("PUT", "/api/v1/namespaces", 405, "does not allow this method")]
    [InlineData("GET", "/api/v1/namespaces/default/pods?labelSelector=a%20b", 400, "label selector")]
    [InlineData("GET", "/api/v1/pods?limit=many", 400, "limit")]
    [InlineData("GET", "/api/v1/pods?resourceVersion=999999999", 504, "Too large resource version")]
    public async Task Request_NotServed_SaysWhy(string method, string path, int code, string message)
    {
        var answer = await server.SendAsync(method, path, method == "GET" ? null : new JsonObject());
        answer.Code.ShouldBe(code);
        answer.Message.ShouldContain(message);
        ((string?)answer.Body["kind"]).ShouldBe("Status");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"metadata\":{\"name\":\"\\ud800\"}}")]
    [InlineData("")]
    public async Task Create_BodyIsNotAnObject_IsABadRequest(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        ((int)(await server.Client.PostAsync("/api/v1/namespaces", content, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(400);
    }

    [Fact]
    public async Task Create_NestedTooDeep_IsABadRequest()
    {
        using var content = new StringContent(string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "1" + new string('}', 10_000), Encoding.UTF8, "application/json");
        ((int)(await server.Client.PostAsync("/api/v1/namespaces", content, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(400);
    }

    [Fact]
    public async Task Create_BodyTooLarge_IsRefused()
    {
        using var content = new StringContent("{\"a\":\"" + new string('x', 4 << 20) + "\"}", Encoding.UTF8, "application/json");
        ((int)(await server.Client.PostAsync("/api/v1/namespaces", content, TestContext.Current.CancellationToken)).StatusCode).ShouldBe(413);
    }

    private async Task<JsonNode> ReviewAsync(string token, string audience) => (await server.SendAsync(
        "POST", "/apis/authentication.k8s.io/v1/tokenreviews",
        new JsonObject { ["spec"] = new JsonObject { ["token"] = token, ["audiences"] = new JsonArray(audience) } })).Body["status"]!;
}
