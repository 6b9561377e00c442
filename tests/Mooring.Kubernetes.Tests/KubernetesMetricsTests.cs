using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests;

public sealed class KubernetesMetricsTests
{
    [Fact]
    public async Task Client_AnswersAndRetries_AreCountedByVerbAndCode()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = Listen(counted);
        await using var server = await FakeHttpServer.StartAsync((context, n) => n == 0
            ? context.StatusAsync(500, "InternalError", "once")
            : context.JsonAsync("""{"metadata":{"name":"n"}}"""));
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddKubernetesClient(
            new KubernetesClientConfiguration { Host = server.Address },
            options => options.RetryDelay = TimeSpan.FromMilliseconds(1));
        await using var provider = services.BuildServiceProvider();
        Own(provider);

        await provider.GetRequiredService<IKubernetesClient>().GetAsync<V1Node>("metered");

        counted["mooring_kubernetes_requests_total get 500"].ShouldBe(1);
        counted["mooring_kubernetes_requests_total get 200"].ShouldBe(1);
        counted["mooring_kubernetes_request_retries_total get"].ShouldBe(1);
    }

    [Fact]
    public async Task Queue_KeysWaiting_AreItsDepth()
    {
        var counted = new ConcurrentDictionary<string, long>();
        using var listener = Listen(counted);
        await using var provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        Own(provider);
        using var queue = new WorkQueue<string>(
            new WorkQueueOptions { Name = "metered" },
            TimeProvider.System,
            new KubernetesMetrics(provider.GetRequiredService<IMeterFactory>()));

        queue.Add("a");
        queue.Add("b");
        queue.Add("b");
        await queue.GetAsync(CancellationToken.None);

        counted["mooring_kubernetes_workqueue_depth metered"].ShouldBe(1);
    }

    private IMeterFactory? _own;

    /// <summary>Tests run side by side; each counts only what its own factory made.</summary>
    private void Own(IServiceProvider provider) => _own = provider.GetRequiredService<IMeterFactory>();

    private MeterListener Listen(ConcurrentDictionary<string, long> counted)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == KubernetesMetrics.MeterName && instrument.Meter.Scope == _own)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counted.AddOrUpdate(
            string.Join(' ', (string[])[instrument.Name, .. tags.ToArray().Select(tag => $"{tag.Value}")]),
            value,
            (_, sum) => sum + value));
        listener.Start();
        return listener;
    }
}
