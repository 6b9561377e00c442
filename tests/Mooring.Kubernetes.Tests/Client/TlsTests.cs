using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
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

        (await Should.ThrowAsync<HttpRequestException>(() => GetAsync(server, new X509Certificate2Collection(other.Authority))))
            .HttpRequestError.ShouldBe(HttpRequestError.SecureConnectionError);
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

        fault.ToString().ShouldContain("NotTimeValid");
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
    public async Task Get_OverTls_UsesHttp2()
    {
        var server = await ServeAsync();

        var node = await GetAsync(server, new X509Certificate2Collection(_certificates.Authority));

        node!.Metadata.Uid.ShouldBe("HTTP/2");
    }

    private async Task<FakeHttpServer> ServeAsync(bool expired = false, bool askClientCertificate = false)
    {
        var server = await FakeHttpServer.StartAsync(
            (context, _) => context.JsonAsync(
                $$$"""
                {"metadata":{"name":"{{{context.Connection.ClientCertificate?.Subject}}}","uid":"{{{context.Request.Protocol}}}"}}
                """),
            _certificates.Server(expired),
            askClientCertificate);
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
