using System.Diagnostics.Metrics;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Mooring.Telemetry.Tests;

public sealed class OtlpExportTests
{
    [Fact]
    public async Task Stop_CollectorNamed_HasSentWhatWasMeasured()
    {
        var received = Channel.CreateUnbounded<(string Path, byte[] Body)>();
        await using var collector = await CollectorAsync(received.Writer);
        await using var host = await TestHost.StartAsync(options => options.OtlpEndpoint = collector.Urls.First());
        host.Meter.CreateCounter<long>("mooring_test_total").Add(3);
        await host.StopAsync();

        var (path, message) = await received.Reader.ReadAsync(TestContext.Current.CancellationToken);
        path.ShouldBe("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
        var text = Encoding.Latin1.GetString(message);
        text.ShouldContain("mooring_test_total");
        text.ShouldContain("service.name");
    }

    [Fact]
    public async Task Change_AnotherCollector_GetsWhatIsMeasured()
    {
        var received = Channel.CreateUnbounded<(string Path, byte[] Body)>();
        await using var collector = await CollectorAsync(received.Writer);
        var options = new ChangingOptions { CurrentValue = new OperationsOptions() };
        using var export = new OtlpExport(options);
        await export.StartAsync(TestContext.Current.CancellationToken);

        options.Change(new OperationsOptions { Program = "test", OtlpEndpoint = collector.Urls.First() });
        using var meter = new Meter("Mooring.Test.Change");
        meter.CreateCounter<long>("mooring_changed_total").Add(3);
        options.Change(new OperationsOptions());

        var (_, message) = await received.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Encoding.Latin1.GetString(message).ShouldContain("mooring_changed_total");
    }

    private static async Task<WebApplication> CollectorAsync(ChannelWriter<(string Path, byte[] Body)> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            received.TryWrite((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }

    private sealed class ChangingOptions : IOptionsMonitor<OperationsOptions>
    {
        private Action<OperationsOptions, string?>? _listener;

        public required OperationsOptions CurrentValue { get; set; }

        public void Change(OperationsOptions options)
        {
            CurrentValue = options;
            _listener!(options, null);
        }

        public OperationsOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<OperationsOptions, string?> listener)
        {
            _listener = listener;
            return null;
        }
    }
}
