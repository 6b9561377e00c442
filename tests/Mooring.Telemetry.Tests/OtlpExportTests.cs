using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mooring.Telemetry.Tests;

public sealed class OtlpExportTests
{
    [Fact]
    public async Task Stop_CollectorNamed_HasSentWhatWasMeasured()
    {
        var received = Channel.CreateUnbounded<(string Path, byte[] Body)>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            received.Writer.TryWrite((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/grpc";
            context.Response.DeclareTrailer("grpc-status");
            await context.Response.Body.WriteAsync(new byte[5], context.RequestAborted);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);

        await using var host = await TestHost.StartAsync(options => options.OtlpEndpoint = collector.Urls.First());
        host.Meter.CreateCounter<long>("mooring_test_total").Add(3);
        await host.StopAsync();

        var (path, message) = await received.Reader.ReadAsync(TestContext.Current.CancellationToken);
        path.ShouldBe("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
        var text = Encoding.Latin1.GetString(message);
        text.ShouldContain("mooring_test_total");
        text.ShouldContain("service.name");
    }
}
