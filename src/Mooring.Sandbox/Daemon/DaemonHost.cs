using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Sandbox.Cluster;

namespace Mooring.Sandbox.Daemon;

/// <summary>Owns a sandbox and serves its verbs on a unix socket until told to stop.</summary>
internal static class DaemonHost
{
    /// <summary>What a line of the daemon's output begins with when it names the step that begins.</summary>
    public const string StepMark = "» ";

    /// <param name="progress">Hears each step of coming up.</param>
    /// <param name="ready">Is called when the sandbox is up and the socket answers.</param>
    /// <param name="cancellationToken">Ends the sandbox.</param>
    public static async Task RunAsync(
        SandboxOptions options, Action<string> progress, Action<SandboxCluster> ready, CancellationToken cancellationToken)
    {
        using var loggers = LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Warning)
            .AddSimpleConsole(console => console.SingleLine = true));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var cluster = await SandboxCluster.StartAsync(
            options, loggers, TimeProvider.System, progress, stop.Token);
        await using var app = Build(cluster, loggers, stop.Cancel);
        await app.StartAsync(stop.Token);
        await File.WriteAllTextAsync(
            cluster.Paths.ProcessIdFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), stop.Token);
        ready(cluster);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(CancellationToken.None);
    }

    private static WebApplication Build(SandboxCluster cluster, ILoggerFactory loggers, Action stop)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(
            cluster.Paths.Socket, listen => listen.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        app.Use(next => context => DaemonEndpoints.HandleErrorsAsync(context, next));
        app.UseRouting();
        DaemonEndpoints.Map(app, cluster, stop);
        app.UseEndpoints(_ => { });
        return app;
    }

    /// <summary>Signals are the command line's business.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
