using k8s;
using Microsoft.AspNetCore.Http;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Client;

public abstract class ClientTestBase : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _servers = [];
    private readonly List<IDisposable> _clients = [];

    internal FakeHttpServer Server { get; private set; } = null!;

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    internal static KubernetesClientOptions Fast => new()
    {
        RetryDelay = TimeSpan.FromMilliseconds(1),
        MaxRetries = 3,
    };

    internal async Task<KubernetesClient> ClientAsync(
        Func<HttpContext, int, Task> answer, KubernetesClientOptions? options = null)
    {
        Server = await FakeHttpServer.StartAsync(answer);
        _servers.Add(Server);
        return Connect(new KubernetesClientConfiguration { Host = Server.Address }, options);
    }

    internal Task<KubernetesClient> ClientAsync(
        Func<HttpContext, Task> answer, KubernetesClientOptions? options = null) =>
        ClientAsync((context, _) => answer(context), options);

    internal KubernetesClient Connect(KubernetesClientConfiguration configuration, KubernetesClientOptions? options = null)
    {
        var client = new KubernetesClient(configuration, options ?? Fast);
        _clients.Add(client);
        return client;
    }

    internal void Owned(IAsyncDisposable server) => _servers.Add(server);
}
