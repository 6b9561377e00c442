using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Access;

public sealed class AccessTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string Authorization = "apis/authorization.k8s.io/v1";
    private const string Authentication = "apis/authentication.k8s.io/v1";

    [Fact]
    public async Task Request_WithAnUnknownToken_IsUnauthorized() => (await Api.GetAsStrangerAsync(Maps, "not-a-token")).Refused(401, "Unauthorized");

    [Fact]
    public async Task Request_WithoutAToken_IsRefused()
    {
        var answer = await Api.GetAsStrangerAsync(Of("secrets"), "");

        Assert.SkipWhen(answer.Code == 200, "this cluster lets anonymous requests do everything");
        answer.Code.ShouldBeOneOf(401, 403);
    }

    [Fact]
    public async Task SelfSubjectReview_NamesTheUser()
    {
        var review = (await Api.PostAsync($"{Authentication}/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""")).Ok(201);

        review.Json.Text("status.userInfo.username").ShouldNotBeNullOrEmpty();
        review["status.userInfo.groups"]!.AsArray().Select(g => (string?)g).ShouldContain(g => g!.StartsWith("system:"));
    }

    [Fact]
    public async Task SelfSubjectAccessReview_WhatWeDo_IsAllowed()
    {
        var review = (await Api.PostAsync($"{Authorization}/selfsubjectaccessreviews", $$$"""
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview",
             "spec":{"resourceAttributes":{"namespace":"{{{Namespace}}}","verb":"create","resource":"configmaps"} } }
            """)).Ok(201);

        ((bool)review["status.allowed"]!).ShouldBeTrue();
        review.Json.Text("spec.resourceAttributes.verb").ShouldBe("create");
    }

    [Fact]
    public async Task SelfSubjectAccessReview_OfNothing_IsInvalid() => (await Api.PostAsync(
        $"{Authorization}/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{}}""")).Refused(422, "Invalid");

    [Fact]
    public async Task SelfSubjectRulesReview_ListsRules()
    {
        var review = (await Api.PostAsync($"{Authorization}/selfsubjectrulesreviews", $$$"""
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{{{Namespace}}}"}}
            """)).Ok(201);

        review["status.resourceRules"]!.AsArray().Count.ShouldBeGreaterThan(0);
        review["status.nonResourceRules"].ShouldNotBeNull();
    }

    [Fact]
    public async Task SelfSubjectRulesReview_WithoutANamespace_IsABadRequest() => (await Api.PostAsync(
        $"{Authorization}/selfsubjectrulesreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{}}""")).Refused(400, "BadRequest");

    [Fact]
    public async Task SubjectAccessReview_OfTheMasters_IsAllowed()
    {
        var review = (await Api.PostAsync($"{Authorization}/subjectaccessreviews", """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview",
             "spec":{"user":"somebody","groups":["system:masters"],"resourceAttributes":{"verb":"get","resource":"nodes"}}}
            """)).Ok(201);

        ((bool)review["status.allowed"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task LocalSubjectAccessReview_OfAnotherNamespace_IsRefused() => (await Api.PostAsync(
        $"{Authorization}/namespaces/{Namespace}/localsubjectaccessreviews", """
        {"apiVersion":"authorization.k8s.io/v1","kind":"LocalSubjectAccessReview",
         "spec":{"user":"somebody","resourceAttributes":{"namespace":"default","verb":"get","resource":"configmaps"}}}
        """)).Code.ShouldBeOneOf(400, 422);

    [Fact]
    public async Task Token_OfAServiceAccount_IsKnownForItsAudienceAlone()
    {
        var token = await IssueAsync("\"audiences\":[\"conformance\"],\"expirationSeconds\":900");

        var known = await ReviewAsync(token, "conformance");
        var unknown = await ReviewAsync(token, "another");

        ((bool?)known["status.authenticated"]).ShouldBe(true, known.ToString());
        known.Json.Text("status.user.username").ShouldBe($"system:serviceaccount:{Namespace}:{Name()}");
        known["status.user.groups"]!.AsArray().Select(g => (string?)g).ShouldContain($"system:serviceaccounts:{Namespace}");
        known["status.audiences"]!.AsArray().Select(a => (string?)a).ShouldBe(["conformance"]);
        ((bool?)unknown["status.authenticated"] ?? false).ShouldBeFalse();
    }

    [Fact]
    public async Task TokenReview_OfNonsense_IsNotAuthenticated() => ((bool?)(await ReviewAsync("nonsense", null))["status.authenticated"] ?? false).ShouldBeFalse();

    [Fact]
    public async Task Token_ForLessThanTenMinutes_IsInvalid()
    {
        await MakeAccountAsync();

        (await RequestAsync("\"expirationSeconds\":60")).Refused(422, "Invalid", "spec.expirationSeconds");
    }

    [Fact]
    public async Task Token_OfAnAccountThatIsNotThere_IsNotFound() => (await RequestAsync("\"expirationSeconds\":900")).Refused(404, "NotFound");

    [Fact]
    public async Task Token_OfADeletedAccount_IsUnknown()
    {
        var token = await IssueAsync("\"audiences\":[\"conformance\"],\"expirationSeconds\":900");
        (await Api.DeleteAsync(Of("serviceaccounts", Name()))).Ok(200);

        await Eventually.TrueAsync(async () => (bool?)(await ReviewAsync(token, "conformance"))["status.authenticated"] is null or false, "the token is refused");
    }

    [Fact]
    public async Task Token_BoundToAPod_NamesThePod()
    {
        await MakeAccountAsync();
        var pod = await MakePodAsync(Name());

        var issued = (await RequestAsync($$"""
            "audiences":["conformance"],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":"{{Name()}}"}
            """)).Ok(201);

        var known = await ReviewAsync(issued.Json.Text("status.token")!, "conformance");
        var extra = known["status.user.extra"]!.AsObject();
        ((string?)extra["authentication.kubernetes.io/pod-name"]![0]).ShouldBe(Name());
        ((string?)extra["authentication.kubernetes.io/pod-uid"]![0]).ShouldBe(pod.Json.Text("metadata.uid"));
    }

    [Theory]
    [InlineData("default", "Pod", "", 403, "Forbidden")]
    [InlineData("", "Pod", "another-uid", 409, "Conflict")]
    [InlineData("", "ConfigMap", "", 400, "BadRequest")]
    public async Task Token_BoundToWhatIsNotItsPod_IsRefused(string account, string kind, string uid, int code, string reason)
    {
        await MakeAccountAsync();
        await MakePodAsync(account.Length > 0 ? account : Name());

        (await RequestAsync($$"""
            "boundObjectRef":{"apiVersion":"v1","kind":"{{kind}}","name":"{{Name()}}","uid":"{{uid}}"}
            """)).Refused(code, reason);
    }

    [Fact]
    public async Task Token_BoundToAPodThatIsNotThere_IsNotFound()
    {
        await MakeAccountAsync();

        (await RequestAsync("\"boundObjectRef\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"name\":\"nobody\"}")).Refused(404, "NotFound");
    }

    /// <summary>On no node: no kubelet starts it.</summary>
    private async Task<Answer> MakePodAsync(string account) => (await Api.PostAsync(Of("pods"), $$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{Name()}}}"},
         "spec":{"serviceAccountName":"{{{account}}}","nodeSelector":{"mooring.dev/none":"true"},"containers":[{"name":"c","image":"registry.invalid/none"}]}}
        """)).Ok(201);

    private async Task MakeAccountAsync() =>
        (await Api.PostAsync(Of("serviceaccounts"), $$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{{Name()}}}"}}""")).Ok(201);

    private Task<Answer> RequestAsync(string spec) => Api.PostAsync(Of("serviceaccounts", Name()) + "/token", $$$"""
        {"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{ {{{spec}}} }}
        """);

    private async Task<string> IssueAsync(string spec)
    {
        await MakeAccountAsync();
        var issued = (await RequestAsync(spec)).Ok(201);
        issued.Json.Text("status.expirationTimestamp").ShouldNotBeNullOrEmpty();
        return issued.Json.Text("status.token")!;
    }

    private async Task<Answer> ReviewAsync(string token, string? audience)
    {
        var audiences = audience is null ? "" : $",\"audiences\":[\"{audience}\"]";
        return (await Api.PostAsync($"{Authentication}/tokenreviews", $$$"""
            {"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"{{{token}}}"{{{audiences}}}}}
            """)).Ok(201);
    }
}
