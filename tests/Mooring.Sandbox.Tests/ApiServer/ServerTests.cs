using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi;

public sealed class ServerTests
{
    [Fact]
    public async Task Start_DataDirectory_KeepsObjectsKindsAndCredentials()
    {
        var directory = Directory.CreateTempSubdirectory("mooring-data-").FullName;
        try
        {
            string token, authority, version;
            await using (var first = await StartAsync(directory))
            {
                using var client = TestServer.ClientFor(first);
                (token, authority) = (first.Token, first.CertificateAuthorityPem);
                await PostAsync(client, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", SampleCrd.Json());
                await Eventually.HoldsAsync(async () => (await client.GetAsync("/apis/test.mooring.dev/v1")).IsSuccessStatusCode);
                version = (string)(await PostAsync(client, "/apis/test.mooring.dev/v1/namespaces/default/gadgets", SampleCrd.Gadget("kept")))["metadata"]!["resourceVersion"]!;
            }

            await using var second = await StartAsync(directory);
            second.Token.ShouldBe(token);
            second.CertificateAuthorityPem.ShouldBe(authority);
            using var again = TestServer.ClientFor(second);
            var kept = JsonNode.Parse(await again.GetStringAsync("/apis/test.mooring.dev/v1/namespaces/default/gadgets/kept", TestContext.Current.CancellationToken))!;
            ((string)kept["metadata"]!["resourceVersion"]!).ShouldBe(version);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task GoAway_UntilComeBack_ResetsOpenAndNewConnectionsAndForgetsNothing()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var server = await ApiServer.StartAsync(new ApiServerOptions { Tls = false }, cancellationToken);
        using var client = TestServer.ClientFor(server);
        await client.GetStringAsync("/api/v1/namespaces/default", cancellationToken);
        using var watch = await client.GetAsync(
            "/api/v1/namespaces?watch=true", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var reader = new StreamReader(await watch.Content.ReadAsStreamAsync(cancellationToken));

        server.GoAway();

        server.Away.ShouldBeTrue();
        await Should.ThrowAsync<IOException>(() => reader.ReadToEndAsync(cancellationToken));
        await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync("/readyz", cancellationToken));

        server.ComeBack();

        (await client.GetAsync("/api/v1/namespaces/default", cancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Start_ExtraEndpoint_IsServedOnTheCallersSocket()
    {
        // Bound here; a caller may bind it in another network namespace.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        var endpoint = (IPEndPoint)socket.LocalEndPoint!;
        await using var server = await ApiServer.StartAsync(
            new ApiServerOptions { Tls = false, ExtraEndpoints = [endpoint], CreateListenSocket = _ => socket }, TestContext.Current.CancellationToken);

        using var client = new HttpClient();
        (await client.GetStringAsync($"http://{endpoint}/readyz", TestContext.Current.CancellationToken)).ShouldBe("ok");
        server.Address.Host.ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task Start_Tls_IsTrustedThroughTheKubeconfigsAuthority()
    {
        await using var server = await ApiServer.StartAsync(new ApiServerOptions(), TestContext.Current.CancellationToken);
        server.Kubeconfig.ShouldContain($"server: {server.Address.GetLeftPart(UriPartial.Authority)}");
        server.Kubeconfig.ShouldContain("certificate-authority-data: ");
        using var authority = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(server.CertificateAuthorityPem);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            CustomTrustStore = { authority },
        };
        using var client = new HttpClient(handler) { BaseAddress = server.Address };
        (await client.GetStringAsync("/livez", TestContext.Current.CancellationToken)).ShouldBe("ok");
    }

    [Fact]
    public async Task Dispose_OpenWatches_AreEnded()
    {
        var server = await ApiServer.StartAsync(new ApiServerOptions { Tls = false }, TestContext.Current.CancellationToken);
        using var client = TestServer.ClientFor(server);
        using var response = await client.GetAsync("/api/v1/nodes?watch=true", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var watch = new WatchReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var next = watch.NextTextAsync();

        await server.DisposeAsync();

        (await next).ShouldBe("end");
    }

    private static Task<ApiServer> StartAsync(string directory) =>
        ApiServer.StartAsync(new ApiServerOptions { Tls = false, DataDirectory = directory }, TestContext.Current.CancellationToken);

    private static async Task<JsonNode> PostAsync(HttpClient client, string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        ((int)response.StatusCode).ShouldBe(201, text);
        return JsonNode.Parse(text)!;
    }
}
