using k8s;
using k8s.Models;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Kubernetes.Tests.Server;

/// <summary>The sandbox's API server, reached through its kubeconfig as any cluster is; a namespace per test.</summary>
public sealed class ApiServerFixture : IAsyncLifetime
{
    private ApiServer _server = null!;
    private int _namespaces;

    internal KubernetesClientConfiguration Configuration { get; private set; } = null!;

    internal KubernetesClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(
            new ApiServerOptions { BookmarkInterval = TimeSpan.FromMilliseconds(200) }, CancellationToken.None);
        using var folder = new TemporaryFolder();
        Configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(
            folder.File("config", _server.Kubeconfig));
        Client = new KubernetesClient(Configuration);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }

    internal void Compact() => _server.Compact();

    internal async Task<string> NamespaceAsync()
    {
        var name = $"t{Interlocked.Increment(ref _namespaces)}";
        await Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } });
        return name;
    }
}
