using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Sandbox.KubeApi.Http;

namespace Mooring.Sandbox.KubeApi;

/// <summary>
/// A Kubernetes-compatible API server in this process, for development and tests. It serves whoever has the
/// token, over TLS with an authority of its own, because kubectl sends no token over plain HTTP. The namespace is not called after the folder because the class has that name.
/// </summary>
public sealed class ApiServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerParts _parts;
    private readonly ConnectionGate _gate;

    private ApiServer(WebApplication app, ServerParts parts, ConnectionGate gate, Uri address)
    {
        _app = app;
        _parts = parts;
        _gate = gate;
        Address = address;
    }

    /// <summary>Where it listens on loopback, such as <c>https://127.0.0.1:40123/</c>.</summary>
    public Uri Address { get; }

    /// <summary>The administrator's bearer token.</summary>
    public string Token => _parts.Tokens.AdminToken;

    /// <summary>Certificate of the authority that signed the server's, PEM.</summary>
    public string CertificateAuthorityPem => _parts.Authority.CertificatePem;

    /// <summary>A kubeconfig file, YAML, for <see cref="Address"/>.</summary>
    public string Kubeconfig => KubeconfigFor(Address);

    /// <summary>Starts serving. Throws <see cref="IOException"/> when a port is taken, <see cref="InvalidDataException"/> when the data directory is damaged.</summary>
    public static async Task<ApiServer> StartAsync(ApiServerOptions options, CancellationToken ct)
    {
        var loggers = options.LoggerFactory ?? NullLoggerFactory.Instance;
        var parts = ServerParts.Open(options, loggers);
        WebApplication? app = null;
        try
        {
            await parts.StartAsync(ct);
            var gate = new ConnectionGate();
            app = Build(options, loggers, parts, gate);
            await app.StartAsync(ct);
            var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
            return new ApiServer(app, parts, gate, new Uri(addresses.First()));
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            await parts.DisposeAsync();
            throw;
        }
    }

    /// <summary>A kubeconfig for another address of this server, one of <see cref="ApiServerOptions.ExtraEndpoints"/>.</summary>
    public string KubeconfigFor(Uri address) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: mooring-sandbox
          cluster:
            server: {address.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(Encoding.ASCII.GetBytes(CertificateAuthorityPem))}
        users:
        - name: mooring-sandbox
          user:
            token: {Token}
        contexts:
        - name: mooring-sandbox
          context:
            cluster: mooring-sandbox
            user: mooring-sandbox
            namespace: default
        current-context: mooring-sandbox

        """;

    /// <summary>Forgets the history of changes, as a store's compaction does: watches and pages from before get 410.</summary>
    public void Compact() => _parts.Compact();

    /// <summary>True while it resets every connection, between <see cref="GoAway"/> and <see cref="ComeBack"/>.</summary>
    public bool Away => _gate.Closed;

    /// <summary>Resets every connection, as if it were gone, until <see cref="ComeBack"/>; it forgets nothing.</summary>
    public void GoAway() => _gate.Close();

    public void ComeBack() => _gate.Open();

    /// <summary>Ends watches, finishes what is being written, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _parts.StopAsync();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _parts.DisposeAsync();
    }

    private static WebApplication Build(
        ApiServerOptions options, ILoggerFactory loggers, ServerParts parts, ConnectionGate gate)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        var certificate = options.Tls ? parts.Authority.IssueServer(options.ExtraEndpoints.Select(e => e.Address)) : null;
        void Secure(ListenOptions listen)
        {
            listen.Use(gate.Guard);
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }

        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, options.Port, Secure);
            foreach (var endpoint in options.ExtraEndpoints)
            {
                kestrel.Listen(endpoint, Secure);
            }
        });
        builder.WebHost.UseSockets(sockets =>
        {
            var standard = sockets.CreateBoundListenSocket;
            sockets.CreateBoundListenSocket = endpoint =>
                options.CreateListenSocket is { } create && endpoint is IPEndPoint ip && options.ExtraEndpoints.Contains(ip) ? create(ip) : standard(endpoint);
        });
        var app = builder.Build();
        app.Run(parts.Router.HandleAsync);
        return app;
    }
}
