using System.Net;
using System.Net.Http.Headers;
using k8s;
using k8s.Authentication;
using k8s.Models;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Client;

public sealed class AccessTests(ConformanceCluster cluster) : ClientTest(cluster)
{
    [Fact]
    public async Task Get_WrongToken_IsUnauthorized()
    {
        using var stranger = new KubernetesClient(With(Cluster.Configuration, new FixedToken("wrong")));

        (await Should.ThrowAsync<KubernetesException>(() => stranger.GetAsync<V1ConfigMap>(Name(), Namespace, Token)))
            .StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Get_RootsOfAnother_IsNotTrusted()
    {
        Assert.SkipWhen(Cluster.Configuration.Host.Scheme != "https", "this cluster is reached without TLS");
        using var client = new KubernetesClient(
            new KubernetesClientConfiguration { Host = Cluster.Configuration.Host, SslCaCerts = [] }, new KubernetesClientOptions { MaxRetries = 0 });

        await Should.ThrowAsync<HttpRequestException>(() => client.GetVersionAsync(Token));
    }

    [Fact]
    public async Task ServiceAccountToken_IsAnIdentityOfItsOwn()
    {
        (await Api.PostAsync(Of("serviceaccounts"), $$$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{{Name()}}}"}}""")).Ok(201);
        var issued = (await Api.PostAsync(Of("serviceaccounts", Name()) + "/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}""")).Ok(201);
        var review = await Api.GetAsStrangerAsync("version", issued.Json.Text("status.token")!);
        review.Code.ShouldBe(200);
        using var client = new KubernetesClient(With(Cluster.Configuration, new FixedToken(issued.Json.Text("status.token")!)));

        // What an account may do is the cluster's affair; that it is known is not.
        (await client.GetVersionAsync(Token)).GitVersion.ShouldNotBeNull();
    }

    [Fact]
    public async Task RateLimit_OfTheClient_StillServesAll()
    {
        using var client = Cluster.NewClient(new KubernetesClientOptions { QueriesPerSecond = 50, Burst = 2 });

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => client.GetAsync<V1ConfigMap>(Name(), Namespace, Token)));
    }

    [Fact]
    public async Task FieldManager_OfTheClient_OwnsWhatItWrites()
    {
        using var client = Cluster.NewClient(new KubernetesClientOptions { FieldManager = "conformance-writer" });
        await client.CreateAsync(NewMap(), Token);

        (await Api.GetAsync(Map(Name()))).Json.Text("metadata.managedFields.0.manager").ShouldBe("conformance-writer");
    }

    private static KubernetesClientConfiguration With(KubernetesClientConfiguration configuration, ITokenProvider tokens) => new()
    {
        Host = configuration.Host,
        SslCaCerts = configuration.SslCaCerts,
        SkipTlsVerify = configuration.SkipTlsVerify,
        TlsServerName = configuration.TlsServerName,
        TokenProvider = tokens,
    };

    private sealed class FixedToken(string token) : ITokenProvider
    {
        public ValueTask<AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult<AuthenticationHeaderValue?>(new("Bearer", token));

        public void Invalidate()
        {
            // It has no better one.
        }
    }
}
