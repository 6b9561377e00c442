using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Conformance.Tests.Client;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Caching;

namespace Mooring.Conformance.Tests.Informer;

/// <summary>A case with informers that run until it ends.</summary>
public abstract class InformerTest(ConformanceCluster cluster) : ClientTest(cluster), IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];
    private readonly List<IDisposable> _owned = [];

    private protected InformerOptions Options => new() { Namespace = Namespace, LabelSelector = Label };

    private protected CancellationToken Stopping => _stop.Token;

    private protected Informer<T> New<T>(InformerOptions? options = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var informer = new Informer<T>(Client, options ?? Options, TimeProvider.System, NullLogger<Informer<T>>.Instance);
        _owned.Add(informer);
        return informer;
    }

    private protected async Task<Informer<T>> StartAsync<T>(InformerOptions? options = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var informer = New<T>(options);
        Run(informer.RunAsync(_stop.Token));
        await informer.WaitForSyncAsync(Token).SoonAsync();
        return informer;
    }

    private protected void Run(Task task) => _running.Add(task);

    private protected void Own(IDisposable owned) => _owned.Add(owned);

    /// <summary>Waits until the store holds what the server lists.</summary>
    private protected async Task EqualsServerAsync(IInformer<V1ConfigMap> informer)
    {
        var listed = (await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token)).Items.Select(Text).Order().ToList();
        await Eventually.TrueAsync(() => informer.Store.List().Select(Text).Order().SequenceEqual(listed), "the store equals the server's list");
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _stop.CancelAsync();
        await Task.WhenAll(_running).SoonAsync();
        _owned.ForEach(o => o.Dispose());
        _stop.Dispose();
    }

    private static string Text(V1ConfigMap map) => $"{map.Metadata.Name} {map.Metadata.Uid} {map.Metadata.ResourceVersion}";
}
