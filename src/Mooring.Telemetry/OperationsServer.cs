using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mooring.Telemetry;

/// <summary>
/// Answers /healthz, /readyz and /metrics, on a port and in a server of its own: what it does, and what is done to it, does not
/// touch the program's own. A port that is taken costs the program these answers, not its work.
/// </summary>
internal sealed partial class OperationsServer(
    IOptions<OperationsOptions> options,
    HealthCheckService checks,
    MetricCollector metrics,
    ILoggerFactory loggers,
    ILogger<OperationsServer> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>Tag of checks whose failure means that a restart may help; all others only make the program unready.</summary>
    public const string Live = "live";

    private const int MaxConnections = 64;

    private WebApplication? _app;

    /// <summary>Where it listens, null when it does not; for tests that let the kernel choose the port.</summary>
    public string? Url => _app?.Urls.FirstOrDefault();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Listen.Length == 0)
        {
            return;
        }

        var app = Build();
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            _app = app;
            Log.Listening(logger, options.Value.Listen);
        }
        catch (IOException exception)
        {
            Log.NotListening(logger, options.Value.Listen, exception.Message);
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync().ConfigureAwait(false);
        }
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.UseKestrelCore().UseUrls(options.Value.Listen).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        var app = builder.Build();
        app.Run(AnswerAsync);
        return app;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/metrics":
                await WriteAsync(context, StatusCodes.Status200OK, PrometheusText.ContentType, metrics.Text()).ConfigureAwait(false);
                break;
            case "/healthz":
                await CheckAsync(context, static check => check.Tags.Contains(Live)).ConfigureAwait(false);
                break;
            case "/readyz":
                await CheckAsync(context, static _ => true).ConfigureAwait(false);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    /// <summary>One line for each check, in the words of Kubernetes' own servers.</summary>
    private async Task CheckAsync(HttpContext context, Func<HealthCheckRegistration, bool> which)
    {
        var report = await checks.CheckHealthAsync(which, context.RequestAborted).ConfigureAwait(false);
        var text = new StringBuilder();
        foreach (var (name, entry) in report.Entries)
        {
            text.Append(entry.Status == HealthStatus.Healthy ? "[+]" : "[-]").Append(name)
                .Append(entry.Status == HealthStatus.Healthy ? " ok" : $" failed: {entry.Description}").Append('\n');
        }

        var healthy = report.Status == HealthStatus.Healthy;
        await WriteAsync(
            context,
            healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            "text/plain; charset=utf-8",
            text.Append(healthy ? "ok\n" : "failed\n").ToString()).ConfigureAwait(false);
    }

    private static Task WriteAsync(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Signals are the program's to handle, not this server's.</summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Answering /healthz, /readyz and /metrics at {Url}")]
        public static partial void Listening(ILogger logger, string url);

        [LoggerMessage(LogLevel.Error, "Nobody answers /healthz, /readyz and /metrics: cannot listen at {Url}: {Reason}")]
        public static partial void NotListening(ILogger logger, string url, string reason);
    }
}
