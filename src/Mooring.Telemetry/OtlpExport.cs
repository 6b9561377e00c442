using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Mooring.Telemetry;

/// <summary>Sends the metrics to an OpenTelemetry collector, where one is named.</summary>
internal sealed class OtlpExport(IOptions<OperationsOptions> options) : IHostedService, IDisposable
{
    private MeterProvider? _provider;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.OtlpEndpoint.Length > 0)
        {
            _provider = Sdk.CreateMeterProviderBuilder()
                .AddMeter($"{MetricCollector.MeterPrefix}*")
                .ConfigureResource(resource => resource.AddService(
                    options.Value.Program, serviceNamespace: "mooring", serviceInstanceId: Environment.MachineName))
                .AddOtlpExporter((exporter, reader) =>
                {
                    exporter.Endpoint = new Uri(options.Value.OtlpEndpoint);
                    exporter.Protocol = OtlpExportProtocol.Grpc;
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds =
                        (int)options.Value.OtlpInterval.TotalMilliseconds;
                })
                .Build();
        }

        return Task.CompletedTask;
    }

    /// <summary>The last values are sent, for as long as the exporter's own timeout allows.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _provider?.Dispose();
        _provider = null;
        return Task.CompletedTask;
    }

    public void Dispose() => _provider?.Dispose();
}
