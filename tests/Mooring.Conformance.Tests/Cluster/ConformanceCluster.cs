using System.Security.Cryptography;
using k8s;
using Mooring.Kubernetes.Client;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>
/// The cluster under test: the one that <c>MOORING_TEST_KUBECONFIG</c> names, else a sandbox API server of our own. One
/// namespace holds everything the suite makes in it; both it and what is outside of it are removed at the end.
/// </summary>
public sealed class ConformanceCluster : IAsyncLifetime
{
    public const string Variable = "MOORING_TEST_KUBECONFIG";

    private readonly Lazy<Task<bool>> _collectsGarbage;
    private readonly Lazy<Task<WidgetCrd>> _widgets;
    private SandboxCluster? _sandbox;
    private Leftovers? _leftovers;

    public ConformanceCluster()
    {
        _collectsGarbage = new(() => GarbageCollection.IsAtWorkAsync(this));
        _widgets = new(() => WidgetCrd.InstallAsync(this, $"{Run}.conformance.mooring.dev"));
    }

    /// <summary>Sets this run apart from others on the same cluster.</summary>
    public string Run { get; } = "r" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    public string Namespace => $"mooring-conformance-{Run}";

    internal KubernetesClientConfiguration Configuration { get; private set; } = null!;

    internal KubernetesClient Client { get; private set; } = null!;

    internal RawApi Api { get; private set; } = null!;

    /// <summary>The suite's own custom resource, installed when first asked for.</summary>
    internal Task<WidgetCrd> Widgets => _widgets.Value;

    /// <summary>Whether dependents of deleted owners are removed; an API server alone does not do that.</summary>
    internal Task<bool> CollectsGarbageAsync() => _collectsGarbage.Value;

    public async ValueTask InitializeAsync()
    {
        var kubeconfig = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(kubeconfig))
        {
            _sandbox = await SandboxCluster.StartAsync();
            kubeconfig = _sandbox.Kubeconfig;
        }

        Configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
        Client = NewClient();
        Api = new RawApi(Configuration);
        _leftovers = new Leftovers(Api);
        await MakeNamespaceAsync(Namespace);
    }

    /// <summary>A namespace besides the suite's own.</summary>
    internal async Task MakeNamespaceAsync(string name)
    {
        _leftovers!.AddNamespace(name);
        (await Api.PostAsync("api/v1/namespaces", $$$"""
            {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}","labels":{"app.kubernetes.io/part-of":"mooring-conformance"}} }
            """)).Ok();
    }

    internal KubernetesClient NewClient(KubernetesClientOptions? options = null) => new(Configuration, options);

    /// <summary>Removes a cluster-scoped object at the end, if it is still there.</summary>
    internal void RemoveAtEnd(string path) => _leftovers!.AddObject(path);

    public async ValueTask DisposeAsync()
    {
        try
        {
            // Neither is there when the cluster could not be reached at all.
            await (_leftovers?.RemoveAsync() ?? Task.CompletedTask);
        }
        finally
        {
            Client?.Dispose();
            Api?.Dispose();
            if (_sandbox is not null)
            {
                await _sandbox.DisposeAsync();
            }
        }
    }
}
