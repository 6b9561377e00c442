using k8s;
using Microsoft.Extensions.DependencyInjection;
using Mooring.Configuration;
using Mooring.Controller.Hosting;
using Mooring.Kubernetes;
using Mooring.Telemetry;

namespace Mooring.Controller.Tests.Hosting;

/// <summary>docs/metrics.md lists every metric of the controller. MOORING_UPDATE=1 writes the list.</summary>
public sealed class MetricsPageTests
{
    [Fact]
    public async Task Page_ListOfTheController_IsWhatTheControllerMeasures()
    {
        await using var app = ControllerHost.Build(
            new KubernetesClientConfiguration { Host = new Uri("http://127.0.0.1:1") }, _ => { });
        foreach (var type in typeof(ControllerHost).Assembly.GetTypes().Where(type => type.GetField("MeterName") is not null))
        {
            app.Services.GetRequiredService(type);
        }

        app.Services.GetRequiredService<ConfigMetrics>();
        app.Services.GetRequiredService<ProcessMetrics>();
        app.Services.GetRequiredService<KubernetesMetrics>();
        MetricsPage.ShouldList("controller", app.Services.GetRequiredService<MetricCollector>().Describe());
    }
}
