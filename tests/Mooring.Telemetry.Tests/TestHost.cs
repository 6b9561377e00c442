using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mooring.Telemetry.Tests;

/// <summary>A program with a few instruments, asked over HTTP.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TestHost(IHost host) => _host = host;

    public Meter Meter { get; private init; } = null!;

    public MetricCollector Metrics => _host.Services.GetRequiredService<MetricCollector>();

    public string? Problem { get; set; }

    public string? Unready { get; set; }

    public HttpClient Client { get; private init; } = null!;

    public static async Task<TestHost> StartAsync(Action<OperationsOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        TestHost? self = null;
        builder.Services.AddOperations(options =>
        {
            options.Program = "test";
            options.Listen = "http://127.0.0.1:0";
            configure?.Invoke(options);
        });
        builder.Services.AddLiveCheck("work", _ => self?.Problem);
        builder.Services.AddReadyCheck("start", _ => self?.Unready);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var url = host.Services.GetRequiredService<OperationsServer>().Url;
        return self = new TestHost(host)
        {
            Meter = host.Services.GetRequiredService<IMeterFactory>().Create("Mooring.Test"),
            Client = new HttpClient { BaseAddress = url is null ? null : new Uri(url) },
        };
    }

    /// <summary>Ends the program in good order.</summary>
    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        _host.Dispose();
    }
}
