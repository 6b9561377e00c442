using System.Security.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Api.V1Alpha1;
using Mooring.Configuration;
using Mooring.Controller.Agents;
using Mooring.Controller.Agents.Admission;
using Mooring.Controller.Allocation;
using Mooring.Controller.LoadBalancers;
using Mooring.Controller.Reconciling;
using Mooring.Controller.Reporting;
using Mooring.Controller.Trust;
using Mooring.Controller.World;
using Mooring.Kubernetes;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Protocol.Snapshots;
using Mooring.Telemetry;
using k8s;
using k8s.Models;

namespace Mooring.Controller.Hosting;

/// <summary>Puts the controller together.</summary>
internal static class ControllerHost
{
    /// <summary>An agent whose machine is gone is noticed after these two, not after TCP's quarter of an hour.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Twice the nodes that a snapshot may have: each may be connecting anew while its old one ends.</summary>
    private const int MaxConnections = 2 * SnapshotLimits.MaxNodes;

    /// <summary>An agent has one stream, and a connection for it alone.</summary>
    private const int MaxStreamsPerConnection = 4;

    /// <summary>Others' objects are never written back whole, and are many: only what the models name is kept.</summary>
    private static readonly InformerOptions ReadOnly = new() { Fields = ObjectFields.Modelled };

    public static WebApplication Build(
        KubernetesClientConfiguration cluster,
        Action<ControllerOptions> configure,
        Action<ILoggingBuilder>? configureLogging = null,
        TimeProvider? timeProvider = null,
        ConfigFile? file = null)
    {
        var listen = new ControllerOptions();
        configure(listen);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "mooring-controller" });
        configureLogging?.Invoke(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(listen.Listen);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.AddServerHeader = false;
            kestrel.ConfigureHttpsDefaults(https =>
            {
                var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
                https.ServerCertificateSelector = (_, _) => certificate.Current;
                https.SslProtocols = SslProtocols.Tls13;
                https.HandshakeTimeout = HandshakeTimeout;

                // A session taken up again would not be verified against the authorities of the day.
                https.OnAuthenticate = static (_, tls) => tls.AllowTlsResume = false;
            });

            // Who is connected and says nothing costs little, and not for long.
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
            kestrel.Limits.RequestHeadersTimeout = IdleTimeout;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;

            // Streams live for days and are silent most of the time.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.KeepAlivePingDelay = PingDelay;
            kestrel.Limits.Http2.KeepAlivePingTimeout = PingTimeout;
        });
        AddServices(builder.Services, cluster, configure, file, timeProvider ?? TimeProvider.System);

        var app = builder.Build();
        app.MapGrpcService<AgentGrpcService>();
        app.Services.GetRequiredService<TrustMetrics>();

        // Open streams would hold up the stop; agents look for another replica as soon as theirs ends.
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<AgentRegistry>().End);
        return app;
    }

    private static void AddServices(
        IServiceCollection services,
        KubernetesClientConfiguration cluster,
        Action<ControllerOptions> configure,
        ConfigFile? file,
        TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddSingleton<IValidateOptions<ControllerOptions>, ControllerOptionsValidator>();
        services.AddOptions<ControllerOptions>().Configure(configure).ValidateOnStart();
        services.AddConfigFile(file).AddReloaded<ControllerOptions>(file).AddReloaded<OperationsOptions>(file);
        services.AddOperations(operations =>
        {
            var chosen = new ControllerOptions();
            configure(chosen);
            operations.Program = "mooring-controller";
            operations.Listen = chosen.OperationsListen;
            operations.OtlpEndpoint = chosen.OtlpEndpoint;
        });
        services.AddLiveCheck("reconciler", static provider => provider.GetRequiredService<ControllerMetrics>().Problem);
        services.AddReadyCheck("caches", static provider => provider.GetRequiredService<WorldReader>().Synced
            ? null : "the cluster's objects have not all been listed yet");
        services.AddSingleton<ControllerMetrics>();
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = SnapshotLimits.MaxAgentMessageBytes);
        services.AddKubernetesClient(cluster);
        services.AddInformer<V1Alpha1VirtualIp>();
        services.AddInformer<V1Alpha1BackendPool>();
        services.AddInformer<V1Alpha1AddressPool>();
        services.AddInformer<V1Alpha1AddressClaim>();
        services.AddInformer<V1Namespace>(ReadOnly);
        services.AddInformer<V1Service>(ReadOnly);
        services.AddInformer<V1EndpointSlice>(ReadOnly);
        services.AddInformer<V1Pod>(ReadOnly);
        services.AddInformer<V1Node>(ReadOnly);
        services.AddEventRecorder("mooring-controller");
        services.TryAddSingleton<WorldReader>();
        services.AddSingleton<AgentRegistry>();
        services.AddSingleton<AgentGrpcService>();
        services.AddSingleton<AgentConnectionMetrics>();
        services.AddSingleton<WholeSnapshotGate>();
        services.AddSingleton<AttemptLimiter>();
        services.AddSingleton<TokenAuthenticator>();
        services.AddSingleton<NoAuthenticator>();
        services.AddSingleton<IAgentAuthenticator>(provider => IsInsecure(provider)
            ? provider.GetRequiredService<NoAuthenticator>()
            : provider.GetRequiredService<TokenAuthenticator>());
        services.AddSingleton<AuthorityStore>();
        services.AddSingleton<ServerCertificate>();
        services.AddSingleton<TrustMetrics>();
        services.AddSingleton<HeartbeatKeyStore>();
        services.AddSingleton<Leadership>();
        services.AddSingleton<CertificateAuthorityStore>();
        services.AddSingleton<StatusWriter>();
        services.AddSingleton<StatusReporter>();
        services.AddSingleton<EventReporter>();
        services.AddSingleton<ClaimWriter>();
        services.AddSingleton<ServiceWriter>();
        services.AddSingleton<ClusterReconciler>();
        services.AddHostedService<LeaderService>();
        services.AddHostedService<TrustService>();
    }

    /// <summary>By what it listens on: an option that only allows http:// takes nothing away from https://.</summary>
    private static bool IsInsecure(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<ControllerOptions>>().Value.Listen.StartsWith("http:", StringComparison.Ordinal);
}
