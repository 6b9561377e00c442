using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Reconciling;
using Mooring.Controller.Reporting;
using Mooring.Controller.Tests.Integration;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.Tests.Reporting;

public sealed class StatusWriterTests
{
    [Fact]
    public async Task Run_LeadershipLost_WritesNothingUntilItIsBack()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: BackendPool
            metadata: {name: web}
            spec:
              selector: {app: web}
            """);
        var pool = await PoolAsync();
        var (leads, asked) = (false, 0);
        var leadership = new Leadership();
        leadership.DecideBy(() =>
        {
            Interlocked.Increment(ref asked);
            return Volatile.Read(ref leads);
        });
        var writer = new StatusWriter(
            cluster.Client, leadership, TimeProvider.System, NullLogger<StatusWriter>.Instance);
        using var stop = new CancellationTokenSource();
        writer.Submit(
            new StatusKey(typeof(V1Alpha1BackendPool), new ObjectKey("default", "web")),
            pool.Metadata,
            new BackendPoolStatus { Total = 7 },
            null);

        var running = writer.RunAsync(stop.Token);
        await Until.TrueAsync(() => Volatile.Read(ref asked) >= 3, "three attempts");
        (await PoolAsync()).Status.ShouldBeNull();
        Volatile.Write(ref leads, true);
        await Until.TrueAsync(async () => (await PoolAsync()).Status?.Total == 7, () => "the status");

        await stop.CancelAsync();
        await running;

        async Task<V1Alpha1BackendPool> PoolAsync() =>
            (await cluster.Client.GetAsync<V1Alpha1BackendPool>("web", "default", cancellationToken))!;
    }
}
