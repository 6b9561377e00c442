using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http.Features;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Client;

public sealed class TlsTests : ClientTestBase
{
    private readonly TestCertificates _certificates = new();

    [Fact]
    public async Task Get_ServerOfTheConfiguredAuthority_IsTrusted()
    {
        var server = await ServeAsync();

        await GetAsync(server, new X509Certificate2Collection(_certificates.Authority));
    }

    [Fact]
    public async Task Get_ServerOfAnotherAuthority_IsRefused()
    {
        var server = await ServeAsync();
        using var other = new TestCertificates("another authority");

        var fault = await Should.ThrowAsync<HttpRequestException>(
            () => GetAsync(server, new X509Certificate2Collection(other.Authority)));

        fault.HttpRequestError.ShouldBe(HttpRequestError.SecureConnectionError);
        fault.Message.ShouldStartWith($"GET /api/v1/nodes/n: no trusted connection to {server.Address}");
        fault.Message.ShouldContain("chain");
    }

    [Fact]
    public async Task Get_NoAuthorityConfigured_TrustsOnlyTheSystems()
    {
        var server = await ServeAsync();

        await Should.ThrowAsync<HttpRequestException>(() => GetAsync(server, null));
    }

    [Fact]
    public async Task Get_ExpiredServerCertificate_IsRefusedAndSaysWhy()
    {
        var server = await ServeAsync(expired: true);

        var fault = await Should.ThrowAsync<HttpRequestException>(
            () => GetAsync(server, new X509Certificate2Collection(_certificates.Authority)));

        fault.Message.ShouldContain($"no trusted connection to {server.Address}");
        fault.Message.ShouldContain("NotTimeValid");
    }

    [Fact]
    public async Task Get_TlsServerName_IsTheNameToExpect()
    {
        var server = await ServeAsync();

        (await Named("k8s.internal").GetAsync<V1Node>("n")).ShouldNotBeNull();
        (await Should.ThrowAsync<HttpRequestException>(() => Named("another.name").GetAsync<V1Node>("n"))).ToString()
            .ShouldContain("RemoteCertificateNameMismatch");

        KubernetesClient Named(string name) => Connect(new KubernetesClientConfiguration
        {
            Host = server.Address,
            SslCaCerts = new X509Certificate2Collection(_certificates.Authority),
            TlsServerName = name,
        });
    }

    [Fact]
    public async Task Get_SkipTlsVerify_TrustsAnything()
    {
        var server = await ServeAsync(expired: true);
        using var client = new KubernetesClient(
            new KubernetesClientConfiguration { Host = server.Address, SkipTlsVerify = true });

        (await client.GetAsync<V1Node>("n")).ShouldNotBeNull();
    }

    [Fact]
    public async Task Get_ClientCertificate_IsShown()
    {
        var server = await ServeAsync(askClientCertificate: true);
        var (certificate, key) = _certificates.Client("mooring");
        using var mine = X509Certificate2.CreateFromPem(certificate, key);

        var node = await GetAsync(server, new X509Certificate2Collection(_certificates.Authority), mine);

        node!.Metadata.Name.ShouldBe("CN=mooring");
    }

    [Fact]
    public async Task Get_ExpiredClientCertificate_IsNamedWhenTheServerRefusesIt()
    {
        var server = await ServeAsync(askClientCertificate: true, trustExpired: false);
        var (certificate, key) = _certificates.Client("mooring", expired: true);
        using var mine = X509Certificate2.CreateFromPem(certificate, key);

        var fault = await Should.ThrowAsync<HttpRequestException>(
            () => GetAsync(server, new X509Certificate2Collection(_certificates.Authority), mine));

        fault.Message.ShouldContain("the client certificate CN=mooring expired at");
    }

    [Fact]
    public async Task Get_ExpiredClientCertificate_ExplainsA401()
    {
        var server = await FakeHttpServer.StartAsync(
            (context, _) => context.StatusAsync(401, "Unauthorized", "Unauthorized"),
            _certificates.Server(),
            askClientCertificate: true);
        Owned(server);
        var (certificate, key) = _certificates.Client("mooring", expired: true);
        using var mine = X509Certificate2.CreateFromPem(certificate, key);

        (await Should.ThrowAsync<KubernetesException>(
            () => GetAsync(server, new X509Certificate2Collection(_certificates.Authority), mine)))
            .Message.ShouldStartWith("Unauthorized; the client certificate CN=mooring expired at");
    }

    [Fact]
    public async Task Get_ClientCertificateFilesReplaced_NewConnectionsShowTheNewOne()
    {
        var server = await ServeAsync(askClientCertificate: true);
        using var folder = new TemporaryFolder();
        Write("before");
        var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(folder.File(
            "config",
            $$$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "{{{server.Address}}}", insecure-skip-tls-verify: true}}]
            users: [{name: u, user: {client-certificate: tls.crt, client-key: tls.key}}]
            """));

        var names = new List<string?> { await ShownAsync() };
        Write("after");
        names.Add(await ShownAsync());
        folder.File("tls.crt", "half writ");
        names.Add(await ShownAsync());

        names.ShouldBe(["CN=before", "CN=after", "CN=after"]);

        void Write(string name)
        {
            var (certificate, key) = _certificates.Client(name);
            folder.File("tls.crt", certificate);
            folder.File("tls.key", key);
        }

        // A client of its own has connections of its own.
        async Task<string?> ShownAsync() => (await Connect(config).GetAsync<V1Node>("n"))!.Metadata.Name;
    }

    [Fact]
    public async Task Get_OverTls_UsesHttp2()
    {
        var server = await ServeAsync();

        var node = await GetAsync(server, new X509Certificate2Collection(_certificates.Authority));

        node!.Metadata.Uid.ShouldBe("HTTP/2");
    }

    [Fact]
    public async Task Get_StreamResetOverHttp2_IsSentAgain()
    {
        var server = await FakeHttpServer.StartAsync(
            (context, number) =>
            {
                if (number == 0)
                {
                    context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(2);
                }

                return context.JsonAsync("""{"metadata":{"name":"n"}}""");
            },
            _certificates.Server());
        Owned(server);

        (await GetAsync(server, new X509Certificate2Collection(_certificates.Authority)))!.Metadata.Name.ShouldBe("n");
        server.Requests.Count.ShouldBe(2);
    }

    private async Task<FakeHttpServer> ServeAsync(
        bool expired = false, bool askClientCertificate = false, bool trustExpired = true)
    {
        var server = await FakeHttpServer.StartAsync(
            (context, _) => context.JsonAsync(
                $$$"""
                {"metadata":{"name":"{{{context.Connection.ClientCertificate?.Subject}}}","uid":"{{{context.Request.Protocol}}}"}}
                """),
            _certificates.Server(expired),
            askClientCertificate,
            trustExpired);
        Owned(server);
        return server;
    }

    private Task<V1Node?> GetAsync(
        FakeHttpServer server, X509Certificate2Collection? roots, X509Certificate2? mine = null) =>
        Connect(new KubernetesClientConfiguration
        {
            Host = server.Address,
            SslCaCerts = roots,
            ClientCertificate = mine,
        }).GetAsync<V1Node>("n");
}
