using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi.Kubectl;

/// <summary>A server with TLS, as kubectl needs it, and a directory with a kubeconfig for it.</summary>
public sealed class KubectlServer : IAsyncLifetime
{
    private string _directory = "";

    public ApiServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("mooring-kubectl-").FullName;
        Server = await ApiServer.StartAsync(new ApiServerOptions(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_directory, "kubeconfig"), Server.Kubeconfig);
        await WriteAsync("crd.yaml", SampleCrd.Yaml);
    }

    public Task WriteAsync(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.WriteAllTextAsync(path, text);
    }

    internal Task<string> RunAsync(string script) => KubeTools.RunAsync(script, Path.Combine(_directory, "kubeconfig"), _directory);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
