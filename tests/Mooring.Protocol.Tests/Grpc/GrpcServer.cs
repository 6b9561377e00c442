using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mooring.Protocol.Tests.Grpc;

/// <summary>A Kestrel server on loopback, HTTP/2 without TLS.</summary>
public sealed class GrpcServer : IAsyncDisposable
{
    public const int MaxMessage = 1024 * 1024;

    private readonly WebApplication _app;
    private bool _disposed;

    private GrpcServer(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
        Log = app.Services.GetRequiredService<EchoLog>();
        Agents = app.Services.GetRequiredService<AgentBehaviours>();
    }

    public Uri Address { get; }

    public EchoLog Log { get; }

    public AgentBehaviours Agents { get; }

    public static async Task<GrpcServer> StartAsync(HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = MaxMessage);
        builder.Services.AddSingleton<EchoLog>();
        builder.Services.AddSingleton<AgentBehaviours>();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<EchoService>();
        app.MapGrpcService<AgentBehaviours>();
        await app.StartAsync();
        return new GrpcServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Log.Finish.TrySetResult();
        using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }
}
