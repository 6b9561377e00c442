using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Events;
using Mooring.Kubernetes.LeaderElection;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Server;

public sealed class RuntimeOnServerTests(ApiServerFixture server) : IClassFixture<ApiServerFixture>
{
    private readonly KubernetesClient _client = server.Client;

    [Fact]
    public async Task Informer_ChangesOnTheServer_ReachTheStore()
    {
        var ns = await server.NamespaceAsync();
        await _client.CreateAsync(Map(ns, "a"));
        using var stop = new CancellationTokenSource();
        using var informer = Informer(ns);
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(CancellationToken.None).SoonAsync();
        informer.Store.List().Count.ShouldBe(1);

        await _client.CreateAsync(Map(ns, "b"));
        await _client.PatchAsync<V1ConfigMap>(
            new V1Patch("""{"data":{"k":"2"}}""", V1Patch.PatchType.MergePatch), "a", ns);
        await _client.DeleteAsync<V1ConfigMap>("b", ns);
        await Eventually.TrueAsync(() =>
            informer.Store.List().ToArray() is [var only] && only.Data!["k"] == "2");

        await stop.CancelAsync();
        await running.SoonAsync();
    }

    [Fact]
    public async Task Informer_HistoryCompacted_StillEndsEqualToTheServer()
    {
        var ns = await server.NamespaceAsync();
        using var stop = new CancellationTokenSource();
        using var informer = Informer(ns);
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(CancellationToken.None).SoonAsync();

        for (var i = 0; i < 60; i++)
        {
            await _client.CreateAsync(Map(ns, $"m{i}"));
            if (i % 10 == 5)
            {
                server.Compact();
                await _client.DeleteAsync<V1ConfigMap>($"m{i}", ns);
            }
        }

        var expected = (await _client.ListAsync<V1ConfigMap>(ns)).Items.Select(m => m.Metadata.ResourceVersion).Order().ToList();
        expected.Count.ShouldBe(54);
        await Eventually.TrueAsync(() =>
            informer.Store.List().Select(m => m.Metadata.ResourceVersion).Order().SequenceEqual(expected));

        await stop.CancelAsync();
        await running.SoonAsync();
    }

    [Fact]
    public async Task Controller_OnAServer_ConvergesAndSeesDeletions()
    {
        var ns = await server.NamespaceAsync();
        using var stop = new CancellationTokenSource();
        using var informer = Informer(ns);
        var controller = new Doubler(_client);
        using var host = new EntityControllerHost<V1ConfigMap>(
            informer,
            controller,
            new EntityControllerOptions { Workers = 4 },
            TimeProvider.System,
            NullLogger<EntityControllerHost<V1ConfigMap>>.Instance);
        var running = Task.WhenAll(informer.RunAsync(stop.Token), host.RunAsync(stop.Token));

        for (var i = 0; i < 20; i++)
        {
            await _client.CreateAsync(Map(ns, $"m{i}", $"{i}"));
        }

        await Eventually.TrueAsync(() => informer.Store.List().Count(
            m => m.Data!.TryGetValue("double", out var d) && d == $"{2 * int.Parse(m.Data["k"])}") == 20);
        await _client.DeleteAsync<V1ConfigMap>("m3", ns);
        await Eventually.TrueAsync(() => controller.Deleted.Contains(new ObjectKey(ns, "m3")));

        await stop.CancelAsync();
        await running.SoonAsync();
    }

    [Fact]
    public async Task LeaderElector_TwoCandidates_OneLeadsThenTheOther()
    {
        var ns = await server.NamespaceAsync();
        using var stopA = new CancellationTokenSource();
        using var stopB = new CancellationTokenSource();
        var a = Elector(ns, "a");
        var b = Elector(ns, "b");
        var runA = a.RunAsync(ForEver, stopA.Token);
        await Eventually.TrueAsync(() => a.IsLeader);
        var runB = b.RunAsync(ForEver, stopB.Token);
        await Eventually.TrueAsync(() => b.LeaderIdentity == "a");
        b.IsLeader.ShouldBeFalse();

        await stopA.CancelAsync();
        await runA.SoonAsync();
        await Eventually.TrueAsync(() => b.IsLeader);

        var lease = (await _client.GetAsync<V1Lease>("lock", ns))!;
        lease.Spec!.HolderIdentity.ShouldBe("b");
        lease.Spec.LeaseTransitions.ShouldBe(1);
        await stopB.CancelAsync();
        await runB.SoonAsync();
    }

    [Fact]
    public async Task EventRecorder_OnAServer_CountsRepetitions()
    {
        var ns = await server.NamespaceAsync();
        var map = await _client.CreateAsync(Map(ns, "a"));
        using var recorder = new EventRecorder(
            _client,
            new EventRecorderOptions { Component = "mooring-test" },
            TimeProvider.System,
            NullLogger<EventRecorder>.Instance);
        await recorder.StartAsync(CancellationToken.None);

        for (var i = 0; i < 3; i++)
        {
            recorder.Record(map, EventTypes.Warning, "Tested", "again");
        }

        var only = await CountedAsync(3);
        await recorder.StopAsync(CancellationToken.None);

        only.Count.ShouldBe(3);
        only.Reason.ShouldBe("Tested");
        only.Source!.Component.ShouldBe("mooring-test");

        async Task<Corev1Event> CountedAsync(int count)
        {
            using var patience = new CancellationTokenSource(Eventually.Patience);
            var options = new ListOptions { FieldSelector = $"involvedObject.uid={map.Metadata.Uid}" };
            while (true)
            {
                var events = (await _client.ListAsync<Corev1Event>(ns, options, patience.Token)).Items;
                if (events is [{ } one] && one.Count >= count)
                {
                    return one;
                }

                await Eventually.SettleAsync();
            }
        }
    }

    private static V1ConfigMap Map(string ns, string name, string value = "1") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns },
        Data = new Dictionary<string, string> { ["k"] = value },
    };

    private static Task ForEver(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    private Informer<V1ConfigMap> Informer(string ns) => new(
        _client, new InformerOptions { Namespace = ns, PageSize = 7 }, TimeProvider.System, NullLogger<Informer<V1ConfigMap>>.Instance);

    private LeaderElector Elector(string ns, string identity) => new(
        _client,
        new LeaderElectionOptions
        {
            LeaseName = "lock",
            LeaseNamespace = ns,
            Identity = identity,
            RetryPeriod = TimeSpan.FromMilliseconds(50),
        },
        TimeProvider.System,
        NullLogger<LeaderElector>.Instance);

    /// <summary>Writes twice the number it finds, with the version it read, so that conflicts are part of the run.</summary>
    private sealed class Doubler(KubernetesClient client) : IEntityController<V1ConfigMap>
    {
        public ConcurrentBag<ObjectKey> Deleted { get; } = [];

        public async Task<ReconciliationResult> ReconcileAsync(V1ConfigMap entity, CancellationToken cancellationToken)
        {
            var wanted = $"{2 * int.Parse(entity.Data!["k"])}";
            if (!entity.Data.TryGetValue("double", out var is_) || is_ != wanted)
            {
                await client.PatchAsync<V1ConfigMap>(
                    new V1Patch(
                        $$$"""
                        {"metadata":{"resourceVersion":"{{{entity.Metadata.ResourceVersion}}}"},"data":{"double":"{{{wanted}}}"}}
                        """,
                        V1Patch.PatchType.MergePatch),
                    entity.Metadata.Name!,
                    entity.Metadata.NamespaceProperty,
                    cancellationToken: cancellationToken);
            }

            return ReconciliationResult.Done;
        }

        public Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken)
        {
            Deleted.Add(key);
            return Task.FromResult(ReconciliationResult.Done);
        }
    }
}
