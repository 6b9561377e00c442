using System.Collections.Concurrent;
using k8s.Models;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Conformance.Tests.Informer;

public sealed class InformerTests(ConformanceCluster cluster) : InformerTest(cluster)
{
    [Fact]
    public async Task Sync_WhatIsThere_IsInTheStore()
    {
        await Client.CreateAsync(NewMap(Name("a")), Token);
        await Client.CreateAsync(NewMap(Name("b")), Token);

        var informer = await StartAsync<V1ConfigMap>();

        informer.Store.List().Select(m => m.Metadata.Name).ShouldBe([Name("a"), Name("b")], ignoreOrder: true);
        informer.Store.Get(new ObjectKey(Namespace, Name("a")))!.Data!["k"].ShouldBe("v");
    }

    [Fact]
    public async Task Sync_InPages_IsComplete()
    {
        await Task.WhenAll(Enumerable.Range(0, 23).Select(i => Client.CreateAsync(NewMap(Name($"m{i}")), Token)));

        var informer = await StartAsync<V1ConfigMap>(Options with { PageSize = 5 });

        informer.Store.List().Count.ShouldBe(23);
    }

    [Fact]
    public async Task Changes_OnTheServer_ReachTheStore()
    {
        var informer = await StartAsync<V1ConfigMap>();

        await Client.CreateAsync(NewMap(Name("a")), Token);
        await Client.CreateAsync(NewMap(Name("b")), Token);
        await ChangeAsync(Name("a"), "2");
        await Client.DeleteAsync<V1ConfigMap>(Name("b"), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(() => informer.Store.List().ToArray() is [var only] && only.Data!["k"] == "2");
    }

    [Fact]
    public async Task Handlers_HearOldAndNew()
    {
        var informer = await StartAsync<V1ConfigMap>();
        var heard = new ConcurrentQueue<string>();
        Own(informer.Subscribe((key, old, now) => heard.Enqueue($"{key.Name}: {old?.Data?["k"] ?? "-"} > {now?.Data?["k"] ?? "-"}")));

        await Client.CreateAsync(NewMap(), Token);
        await ChangeAsync(Name(), "2");
        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(() => heard.Count == 3);
        heard.ShouldBe([$"{Name()}: - > v", $"{Name()}: v > 2", $"{Name()}: 2 > -"]);
    }

    [Fact]
    public async Task Subscribe_AfterSync_HearsWhatIsThere()
    {
        await Client.CreateAsync(NewMap(), Token);
        var informer = await StartAsync<V1ConfigMap>();
        var heard = new ConcurrentQueue<string>();

        Own(informer.Subscribe((key, _, _) => heard.Enqueue(key.Name)));

        heard.ShouldBe([Name()]);
    }

    [Fact]
    public async Task LabelSelector_ObjectThatStopsToMatch_LeavesTheStore()
    {
        await Client.CreateAsync(NewMap(), Token);
        var informer = await StartAsync<V1ConfigMap>();

        await Client.PatchAsync<V1ConfigMap>(
            new V1Patch("""{"metadata":{"labels":{"case":null}}}""", V1Patch.PatchType.MergePatch), Name(), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(() => informer.Store.List().Count == 0);
    }

    [Fact]
    public async Task FieldSelector_OneName_IsAllThatIsKept()
    {
        await Client.CreateAsync(NewMap(Name("a")), Token);
        var informer = await StartAsync<V1ConfigMap>(Options with { FieldSelector = $"metadata.name={Name("b")}" });
        informer.Store.List().ShouldBeEmpty();

        await Client.CreateAsync(NewMap(Name("b")), Token);

        await Eventually.TrueAsync(() => informer.Store.List().ToArray() is [var only] && only.Metadata.Name == Name("b"));
    }

    [Fact]
    public async Task Index_FollowsChanges()
    {
        var informer = New<V1ConfigMap>();
        informer.AddIndex("value", m => [m.Data!["k"]]);
        Run(informer.RunAsync(Stopping));
        await informer.WaitForSyncAsync(Token).SoonAsync();

        await Client.CreateAsync(NewMap(value: "one"), Token);
        await Eventually.TrueAsync(() => informer.Store.ByIndex("value", "one").Count == 1);
        await ChangeAsync(Name(), "two");

        await Eventually.TrueAsync(() => informer.Store.ByIndex("value", "two").Count == 1);
        informer.Store.ByIndex("value", "one").ShouldBeEmpty();
    }

    [Fact]
    public async Task AllNamespaces_HoldsOurs()
    {
        await Client.CreateAsync(NewMap(), Token);

        var informer = await StartAsync<V1ConfigMap>(Options with { Namespace = null });

        informer.Store.List().Single().Metadata.NamespaceProperty.ShouldBe(Namespace);
        informer.Store.List(Namespace).Count.ShouldBe(1);
    }

    [Fact]
    public async Task ShortWatches_LoseAndInventNothing()
    {
        var informer = await StartAsync<V1ConfigMap>(Options with { WatchTimeout = TimeSpan.FromSeconds(1) });
        var started = TimeProvider.System.GetTimestamp();

        // Long enough for several watches to end under it.
        for (var i = 0; TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5); i++)
        {
            await Client.CreateAsync(NewMap(Name($"m{i}")), Token);
            if (i % 3 == 2)
            {
                await Client.DeleteAsync<V1ConfigMap>(Name($"m{i - 1}"), Namespace, cancellationToken: Token);
            }
        }

        await EqualsServerAsync(informer);
    }

    [Fact]
    public async Task Deletion_WhileNobodyWatched_IsFound()
    {
        await Client.CreateAsync(NewMap(Name("a")), Token);
        await Client.CreateAsync(NewMap(Name("b")), Token);
        var informer = New<V1ConfigMap>();
        using var stop = new CancellationTokenSource();
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(Token).SoonAsync();
        await stop.CancelAsync();
        await running.SoonAsync();

        await Client.DeleteAsync<V1ConfigMap>(Name("a"), Namespace, cancellationToken: Token);
        Run(informer.RunAsync(Stopping));

        await Eventually.TrueAsync(() => informer.Store.List().ToArray() is [var only] && only.Metadata.Name == Name("b"));
    }

    [Fact]
    public async Task Recreated_Object_IsSeenAsTheNewOne()
    {
        var first = await Client.CreateAsync(NewMap(), Token);
        var informer = await StartAsync<V1ConfigMap>();

        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, cancellationToken: Token);
        var second = await Client.CreateAsync(NewMap(), Token);

        second.Metadata.Uid.ShouldNotBe(first.Metadata.Uid);
        await Eventually.TrueAsync(() => informer.Store.List().ToArray() is [var only] && only.Metadata.Uid == second.Metadata.Uid);
    }

    [Fact]
    public async Task ManyWriters_StoreEqualsTheServer()
    {
        var informer = await StartAsync<V1ConfigMap>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var random = new Random(writer);
            for (var i = 0; i < 25; i++)
            {
                var name = Name($"w{writer}-{random.Next(6)}");
                var present = await Client.GetAsync<V1ConfigMap>(name, Namespace, Token);
                await (present is null ? Client.CreateAsync(NewMap(name), Token)
                    : random.Next(3) == 0 ? Client.DeleteAsync<V1ConfigMap>(name, Namespace, cancellationToken: Token)
                    : ChangeAsync(name, $"{i}"));
            }
        }));

        await EqualsServerAsync(informer);
    }

    [Fact]
    public async Task EndpointSlice_OfManyEndpoints_IsCachedWhole()
    {
        var slice = new V1EndpointSlice
        {
            Metadata = Meta(),
            AddressType = "IPv4",
            Endpoints = [.. Enumerable.Range(0, 1000).Select(i => new V1Endpoint { Addresses = [$"10.1.{i / 250}.{(i % 250) + 1}"] })],
            Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 80 }],
        };
        await Client.CreateAsync(slice, Token);

        var informer = await StartAsync<V1EndpointSlice>();

        informer.Store.List().Single().Endpoints!.Select(e => e.Addresses.Single()).ShouldBe(slice.Endpoints.Select(e => e.Addresses.Single()));
    }
}
