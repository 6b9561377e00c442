using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mooring.Agent.HealthCheckPorts;

/// <summary>
/// One open port. The server alone, without a host around it: a node may have one for each of many Services.
/// </summary>
internal sealed class HealthCheckPort : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private const int MaxConnections = 64;

    private readonly Func<LocalEndpointReport?> _report;
    private readonly KestrelServer _server;

    private HealthCheckPort(
        ushort port, Func<LocalEndpointReport?> report, IConnectionListenerFactory transport, IServiceProvider services, ILoggerFactory loggers)
    {
        _report = report;
        var options = new KestrelServerOptions { ApplicationServices = services, AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = 0;
        options.ListenAnyIP(port);
        _server = new KestrelServer(Options.Create(options), transport, loggers);
    }

    /// <param name="report">What to answer; null when there is nothing to say any more.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<HealthCheckPort> OpenAsync(
        ushort port,
        Func<LocalEndpointReport?> report,
        IConnectionListenerFactory transport,
        IServiceProvider services,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var open = new HealthCheckPort(port, report, transport, services, loggers);
        try
        {
            await open._server.StartAsync(open, cancellationToken).ConfigureAwait(false);
            return open;
        }
        catch
        {
            await open.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        var response = context.Response;
        if (_report() is not { } report)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        response.StatusCode = report.Serves ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        response.ContentType = "application/json";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["X-Load-Balancing-Endpoint-Weight"] = report.LocalEndpoints.ToString(CultureInfo.InvariantCulture);
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(report), context.RequestAborted).ConfigureAwait(false);
        }
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async ValueTask DisposeAsync()
    {
        // Open connections are cut: who asks asks again, and hears that the port is closed.
        await _server.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
        _server.Dispose();
    }
}
