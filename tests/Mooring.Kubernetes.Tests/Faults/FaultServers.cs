using System.Net;
using k8s;
using k8s.Models;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>An API server of the sandbox in the clear and one with TLS, a namespace per run.</summary>
public sealed class FaultServers : IAsyncLifetime
{
    private Served _plain = null!;
    private Served _secure = null!;

    public async ValueTask InitializeAsync()
    {
        _plain = await Served.StartAsync(tls: false);
        _secure = await Served.StartAsync(tls: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _plain.DisposeAsync();
        await _secure.DisposeAsync();
    }

    internal Served For(FaultSchedule schedule) => schedule.Tls ? _secure : _plain;

    internal sealed class Served : IAsyncDisposable
    {
        private readonly ApiServer _server;

        private Served(ApiServer server, KubernetesClientConfiguration configuration)
        {
            _server = server;
            Configuration = configuration;
            Client = new KubernetesClient(configuration);
        }

        public KubernetesClientConfiguration Configuration { get; }

        /// <summary>Straight to the server.</summary>
        public KubernetesClient Client { get; }

        public IPEndPoint Address => new(IPAddress.Loopback, _server.Address.Port);

        public static async Task<Served> StartAsync(bool tls)
        {
            var server = await ApiServer.StartAsync(
                new ApiServerOptions { Tls = tls, BookmarkInterval = TimeSpan.FromMilliseconds(100) },
                CancellationToken.None);
            using var folder = new TemporaryFolder();
            return new Served(
                server, KubernetesClientConfiguration.BuildConfigFromConfigFile(folder.File("config", server.Kubeconfig)));
        }

        public void Compact() => _server.Compact();

        public Task NamespaceAsync(string name) =>
            Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } });

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _server.DisposeAsync();
        }
    }
}
