using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

/// <summary>What <c>docs/conformance.md</c> lists as refused, is: with 501 and the name of the feature.</summary>
public sealed class RefusalTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    [Theory]
    [InlineData("GET", "/apis/networking.k8s.io/v1/ingresses", "ingresses.networking.k8s.io")]
    [InlineData("GET", "/api/v1/namespaces/default/persistentvolumeclaims", "persistentvolumeclaims")]
    [InlineData("POST", "/api/v1/namespaces/default/resourcequotas", "resourcequotas")]
    [InlineData("POST", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "validatingwebhookconfigurations.admissionregistration.k8s.io")]
    [InlineData("GET", "/api/v1/namespaces/default/pods/p/log", "the log subresource of pods")]
    [InlineData("POST", "/api/v1/namespaces/default/pods/p/exec", "the exec subresource of pods")]
    [InlineData("GET", "/api/v1/namespaces/default/services/s/proxy", "the proxy subresource of services")]
    [InlineData("GET", "/api/v1/watch/namespaces", "the deprecated watch path prefix")]
    [InlineData("GET", "/openapi/v2", "OpenAPI v2")]
    public async Task Request_ForWhatIsNotServed_IsRefusedByName(string method, string path, string feature) =>
        ShouldName(await server.SendAsync(method, path, method == "POST" ? new JsonObject() : null), feature);

    /// <summary>kubectl looks for these when it describes a namespace, and 404 is true: there are none.</summary>
    [Fact]
    public async Task Quotas_Read_AreNotFound() => (await server.GetAsync("/api/v1/namespaces/default/resourcequotas")).Code.ShouldBe(404);

    [Fact]
    public async Task Path_ThatNoServerHas_IsNotFound() => (await server.GetAsync("/apis/networking.k8s.io/v1/wires")).Code.ShouldBe(404);

    [Fact]
    public async Task Impersonation_IsRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/namespaces");
        request.Headers.Add("Impersonate-User", "somebody");

        using var answer = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)answer.StatusCode).ShouldBe(501);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("impersonation");
    }

    [Fact]
    public async Task Crd_ConversionByWebhook_IsRefused()
    {
        var crd = SampleCrd.Json();
        crd["spec"]!["conversion"] = new JsonObject { ["strategy"] = "Webhook" };

        ShouldName(await server.SendAsync("POST", Crds, crd), "the conversion strategy Webhook");
    }

    [Fact]
    public async Task Crd_KeepingAllUnknownFields_IsInvalidAsInVersionOne()
    {
        var crd = SampleCrd.Json();
        crd["metadata"]!["name"] = "others.test.mooring.dev";
        crd["spec"]!["names"] = new JsonObject { ["plural"] = "others", ["kind"] = "Other" };
        crd["spec"]!["preserveUnknownFields"] = true;

        var answer = await server.SendAsync("POST", Crds, crd);

        answer.Code.ShouldBe(422);
        answer.Message.ShouldContain("spec.preserveUnknownFields");
    }

    [Fact]
    public async Task Patch_Cbor_IsRefused()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/configmaps", JsonNode.Parse("""{"metadata":{"name":"a"}}"""));

        ShouldName(await server.SendAsync("PATCH", $"/api/v1/namespaces/{ns}/configmaps/a?fieldManager=x", new JsonObject(), "application/apply-patch+cbor"), "CBOR");
    }

    [Fact]
    public async Task Token_BoundToASecret_IsRefused()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts", JsonNode.Parse("""{"metadata":{"name":"bot"}}"""));
        var body = JsonNode.Parse("""{"spec":{"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"p"}}}""");

        ShouldName(await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/serviceaccounts/bot/token", body), "tokens bound to a Secret");
    }

    [Fact]
    public async Task Eviction_UnderABudget_IsRefused()
    {
        var ns = await server.NewNamespaceAsync();
        await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/pods", JsonNode.Parse(
            """{"metadata":{"name":"p","labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"i"}]}}"""));
        await server.SendAsync("POST", $"/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets", JsonNode.Parse(
            """{"metadata":{"name":"b"},"spec":{"selector":{"matchLabels":{"app":"x"}}}}"""));

        ShouldName(await server.SendAsync("POST", $"/api/v1/namespaces/{ns}/pods/p/eviction", JsonNode.Parse("""{"metadata":{"name":"p"}}""")), "PodDisruptionBudget");
    }

    private static void ShouldName(Answer answer, string feature)
    {
        answer.Code.ShouldBe(501);
        ((string?)answer.Body["reason"]).ShouldBe("NotImplemented");
        answer.Message.ShouldContain(feature);
    }
}
