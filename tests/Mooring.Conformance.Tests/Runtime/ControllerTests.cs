using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Conformance.Tests.Cluster;
using Mooring.Conformance.Tests.Informer;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Conformance.Tests.Runtime;

public sealed class ControllerTests(ConformanceCluster cluster) : InformerTest(cluster)
{
    private const string Finalizer = "conformance.mooring.dev/cleanup";

    [Fact]
    public async Task Reconcile_EveryObject_Converges()
    {
        var controller = new ScriptedController(DoubleAsync);
        await RunAsync(controller, workers: 4);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Client.CreateAsync(NewMap(Name($"m{i}"), $"{i}"), Token)));

        await Eventually.TrueAsync(async () => (await MapsAsync()).Count(m => m.Data!.TryGetValue("double", out var d) && d == $"{2 * int.Parse(m.Data["k"])}") == 20);
    }

    [Fact]
    public async Task Reconcile_AfterSomebodyElsesChange_ConvergesAgain()
    {
        await RunAsync(new ScriptedController(DoubleAsync));
        await Client.CreateAsync(NewMap(value: "1"), Token);
        await DoubledAsync("2");

        await ChangeAsync(Name(), "5");
        await DoubledAsync("10");
        await Client.PatchAsync<V1ConfigMap>(new V1Patch("""{"data":{"double":"wrong"}}""", V1Patch.PatchType.MergePatch), Name(), Namespace, cancellationToken: Token);

        await DoubledAsync("10");
    }

    [Fact]
    public async Task Reconcile_Conflict_IsTriedAgain()
    {
        var conflicts = 0;
        await RunAsync(new ScriptedController(async (map, ct) =>
        {
            if (Interlocked.Increment(ref conflicts) == 1)
            {
                // Somebody was faster than our write with the version we read.
                await ChangeAsync(map.Metadata.Name!, "7");
            }

            return await DoubleAsync(map, ct);
        }));

        await Client.CreateAsync(NewMap(value: "1"), Token);

        await DoubledAsync("14");
    }

    [Fact]
    public async Task Deleted_Object_IsTold()
    {
        var controller = new ScriptedController();
        await RunAsync(controller);
        await Client.CreateAsync(NewMap(), Token);
        await Eventually.TrueAsync(() => controller.Seen.Contains(Name()));

        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(() => controller.Deleted.Contains(new ObjectKey(Namespace, Name())));
    }

    [Fact]
    public async Task Failure_IsTriedAgainUntilItSucceeds()
    {
        var attempts = 0;
        await RunAsync(new ScriptedController((map, ct) => Interlocked.Increment(ref attempts) < 4 ? throw new InvalidOperationException("not yet") : DoubleAsync(map, ct)));

        await Client.CreateAsync(NewMap(value: "3"), Token);

        await DoubledAsync("6");
        attempts.ShouldBeGreaterThanOrEqualTo(4);
    }

    [Fact]
    public async Task TerminalFailure_IsTriedAgainOnlyWhenTheObjectChanges()
    {
        var attempts = 0;
        await RunAsync(new ScriptedController((map, ct) =>
        {
            Interlocked.Increment(ref attempts);
            return map.Data!["k"] == "1" ? throw new TerminalException("cannot be") : DoubleAsync(map, ct);
        }));
        await Client.CreateAsync(NewMap(value: "1"), Token);
        await Eventually.TrueAsync(() => attempts == 1);

        await ChangeAsync(Name(), "2");

        await DoubledAsync("4");
    }

    [Fact]
    public async Task Requeue_RunsAgainWithoutAnyChange()
    {
        var runs = 0;
        await RunAsync(new ScriptedController((_, _) => Task.FromResult(
            Interlocked.Increment(ref runs) < 3 ? ReconciliationResult.RetryAfter(TimeSpan.FromMilliseconds(50)) : ReconciliationResult.Done)));

        await Client.CreateAsync(NewMap(), Token);

        await Eventually.TrueAsync(() => runs >= 3);
    }

    [Fact]
    public async Task Resync_RunsEveryObjectAgain()
    {
        var controller = new ScriptedController();
        await RunAsync(controller, resync: TimeSpan.FromMilliseconds(200));

        await Client.CreateAsync(NewMap(Name("a")), Token);
        await Client.CreateAsync(NewMap(Name("b")), Token);

        await Eventually.TrueAsync(() => controller.Seen.Count(s => s == Name("a")) >= 3 && controller.Seen.Count(s => s == Name("b")) >= 3);
    }

    [Fact]
    public async Task Key_IsNeverRunTwiceAtOnce()
    {
        var running = new ConcurrentDictionary<string, int>();
        var overlaps = 0;
        await RunAsync(
            new ScriptedController(async (map, ct) =>
            {
                if (running.AddOrUpdate(map.Metadata.Name!, 1, (_, n) => n + 1) > 1)
                {
                    Interlocked.Increment(ref overlaps);
                }

                await Client.GetAsync<V1ConfigMap>(map.Metadata.Name!, Namespace, ct);
                running.AddOrUpdate(map.Metadata.Name!, 0, (_, n) => n - 1);
                return ReconciliationResult.Done;
            }),
            workers: 8);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(async i =>
        {
            await Client.CreateAsync(NewMap(Name($"m{i}"), "0"), Token);
            for (var n = 1; n < 20; n++)
            {
                await ChangeAsync(Name($"m{i}"), $"{n}");
            }
        }));

        overlaps.ShouldBe(0);
    }

    [Fact]
    public async Task Finalizer_HeldByTheController_IsTakenAwayAfterTheCleanup()
    {
        var cleaned = new ConcurrentBag<string>();
        await RunAsync(new ScriptedController(async (map, ct) =>
        {
            var held = map.Metadata.Finalizers?.Contains(Finalizer) == true;
            if (map.Metadata.DeletionTimestamp is not null && held)
            {
                cleaned.Add(map.Metadata.Name!);
                await SetFinalizersAsync(map, "null", ct);
            }
            else if (map.Metadata.DeletionTimestamp is null && !held)
            {
                await SetFinalizersAsync(map, $"[\"{Finalizer}\"]", ct);
            }

            return ReconciliationResult.Done;
        }));
        await Client.CreateAsync(NewMap(), Token);
        await Eventually.TrueAsync(async () => (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))?.Metadata.Finalizers?.Count == 1);

        await Client.DeleteAsync<V1ConfigMap>(Name(), Namespace, cancellationToken: Token);

        await Eventually.TrueAsync(async () => await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token) is null);
        cleaned.ShouldContain(Name());
    }

    [Fact]
    public async Task Apply_OwnedObjects_FollowTheirOwner()
    {
        await RunAsync(new ScriptedController(async (map, ct) =>
        {
            var child = new V1Secret
            {
                Metadata = new V1ObjectMeta
                {
                    Name = map.Metadata.Name,
                    NamespaceProperty = Namespace,
                    OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = map.Metadata.Name!, Uid = map.Metadata.Uid! }],
                },
                Data = new Dictionary<string, byte[]> { ["copy"] = System.Text.Encoding.UTF8.GetBytes(map.Data!["k"]) },
            };
            await Client.ApplyAsync(child, "conformance", cancellationToken: ct);
            return ReconciliationResult.Done;
        }));
        await Client.CreateAsync(NewMap(value: "one"), Token);
        await CopiedAsync("one");

        await ChangeAsync(Name(), "two");

        await CopiedAsync("two");
    }

    [Fact]
    public async Task Stop_WaitsForWhatIsUnderWay()
    {
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        using var stop = new CancellationTokenSource();
        var informer = await StartAsync<V1ConfigMap>();
        using var host = Host(informer, new ScriptedController(async (_, _) =>
        {
            entered.TrySetResult();
            await leave.Task;
            return ReconciliationResult.Done;
        }));
        var running = host.RunAsync(stop.Token);
        await Client.CreateAsync(NewMap(), Token);
        await entered.Task.SoonAsync();

        await stop.CancelAsync();

        running.IsCompleted.ShouldBeFalse();
        leave.SetResult();
        await running.SoonAsync();
    }

    private async Task RunAsync(ScriptedController controller, int workers = 2, TimeSpan? resync = null)
    {
        var informer = await StartAsync<V1ConfigMap>();
        var host = Host(informer, controller, workers, resync);
        Own(host);
        Run(host.RunAsync(Stopping));
    }

    private static EntityControllerHost<V1ConfigMap> Host(
        Kubernetes.Caching.IInformer<V1ConfigMap> informer, ScriptedController controller, int workers = 2, TimeSpan? resync = null) => new(
        informer,
        controller,
        new EntityControllerOptions { Workers = workers, ResyncPeriod = resync, Queue = new WorkQueueOptions { BaseDelay = TimeSpan.FromMilliseconds(10) } },
        TimeProvider.System,
        NullLogger<EntityControllerHost<V1ConfigMap>>.Instance);

    /// <summary>Writes twice the number it finds, with the version it read.</summary>
    private async Task<ReconciliationResult> DoubleAsync(V1ConfigMap map, CancellationToken ct)
    {
        var wanted = $"{2 * int.Parse(map.Data!["k"])}";
        if (!map.Data.TryGetValue("double", out var found) || found != wanted)
        {
            await Client.PatchAsync<V1ConfigMap>(
                new V1Patch(
                    $$$"""{"metadata":{"resourceVersion":"{{{map.Metadata.ResourceVersion}}}"},"data":{"double":"{{{wanted}}}"}}""", V1Patch.PatchType.MergePatch),
                map.Metadata.Name!, Namespace, cancellationToken: ct);
        }

        return ReconciliationResult.Done;
    }

    private Task SetFinalizersAsync(V1ConfigMap map, string finalizers, CancellationToken ct) => Client.PatchAsync<V1ConfigMap>(
        new V1Patch(
            $$$"""{"metadata":{"resourceVersion":"{{{map.Metadata.ResourceVersion}}}","finalizers":{{{finalizers}}} }}""", V1Patch.PatchType.MergePatch),
        map.Metadata.Name!, Namespace, cancellationToken: ct);

    private async Task<IReadOnlyList<V1ConfigMap>> MapsAsync() => (await Client.ListAsync<V1ConfigMap>(Namespace, Selected, Token)).Items;

    private Task DoubledAsync(string value) => Eventually.TrueAsync(
        async () => (await Client.GetAsync<V1ConfigMap>(Name(), Namespace, Token))!.Data!.TryGetValue("double", out var found) && found == value, $"doubled to {value}");

    private Task CopiedAsync(string value) => Eventually.TrueAsync(
        async () => await Client.GetAsync<V1Secret>(Name(), Namespace, Token) is { } secret && System.Text.Encoding.UTF8.GetString(secret.Data!["copy"]) == value,
        $"copied {value}");
}
