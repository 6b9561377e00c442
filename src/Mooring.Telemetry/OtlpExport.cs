using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Mooring.Telemetry;

/// <summary>Sends the metrics to an OpenTelemetry collector, where one is named, and to another when that changes.</summary>
internal sealed class OtlpExport(IOptionsMonitor<OperationsOptions> options) : IHostedService, IDisposable
{
    private readonly Lock _gate = new();
    private IDisposable? _subscription;
    private string _endpoint = "";
    private MeterProvider? _provider;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = options.OnChange(now => Send(now, now.OtlpEndpoint));
        Send(options.CurrentValue, options.CurrentValue.OtlpEndpoint);
        return Task.CompletedTask;
    }

    /// <summary>The last values are sent, for as long as the exporter's own timeout allows.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        Send(options.CurrentValue, "");
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _provider?.Dispose();
    }

    private void Send(OperationsOptions options, string endpoint)
    {
        lock (_gate)
        {
            if (endpoint == _endpoint)
            {
                return;
            }

            _provider?.Dispose();
            _provider = endpoint.Length > 0 ? Build(options) : null;
            _endpoint = endpoint;
        }
    }

    private static MeterProvider Build(OperationsOptions options) => Sdk.CreateMeterProviderBuilder()
        .AddMeter($"{MetricCollector.MeterPrefix}*")
        .ConfigureResource(resource => resource.AddService(
            options.Program, serviceNamespace: "mooring", serviceInstanceId: Environment.MachineName))
        .AddOtlpExporter((exporter, reader) =>
        {
            exporter.Endpoint = new Uri(options.OtlpEndpoint);
            exporter.Protocol = OtlpExportProtocol.Grpc;
            reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
        })
        .Build();
}
