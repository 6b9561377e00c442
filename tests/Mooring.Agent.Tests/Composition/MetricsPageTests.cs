using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Composition;
using Mooring.Configuration;
using Mooring.Telemetry;

namespace Mooring.Agent.Tests.Composition;

/// <summary>docs/metrics.md lists every metric of the agent. MOORING_UPDATE=1 writes the list.</summary>
public sealed class MetricsPageTests
{
    [Fact]
    public void Page_ListOfTheAgent_IsWhatTheAgentMeasures()
    {
        using var state = new TemporaryDirectory();
        using var host = AgentHost.Build(
            options =>
            {
                options.NodeName = "node-1";
                options.Controllers = ["https://127.0.0.1:1"];
                options.StateDirectory = state.Path;
            },
            () => LogSettings.Default with { Level = LogLevel.Error });
        foreach (var type in typeof(AgentHost).Assembly.GetTypes().Where(type => type.GetField("MeterName") is not null))
        {
            host.Services.GetRequiredService(type);
        }

        host.Services.GetRequiredService<ConfigMetrics>();
        host.Services.GetRequiredService<ProcessMetrics>();
        MetricsPage.ShouldList("agent", host.Services.GetRequiredService<MetricCollector>().Describe());
    }
}
