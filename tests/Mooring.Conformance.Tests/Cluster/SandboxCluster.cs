using Mooring.Sandbox.KubeApi;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>A sandbox API server with a durable store and a kubeconfig, in a directory that goes with it.</summary>
internal sealed class SandboxCluster : IAsyncDisposable
{
    private readonly string _directory;
    private readonly ApiServer _server;

    private SandboxCluster(string directory, ApiServer server)
    {
        _directory = directory;
        _server = server;
    }

    public string Kubeconfig => Path.Combine(_directory, "kubeconfig");

    public static async Task<SandboxCluster> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("mooring-conformance-").FullName;
        var options = new ApiServerOptions { DataDirectory = Path.Combine(directory, "data") };
        var cluster = new SandboxCluster(directory, await ApiServer.StartAsync(options, CancellationToken.None));
        await File.WriteAllTextAsync(cluster.Kubeconfig, cluster._server.Kubeconfig);
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
