using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Failover;
using Mooring.Agent.Gateways;
using Mooring.Agent.HealthCheckPorts;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Kept;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Loads;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Speaker;
using Mooring.Agent.Surroundings;
using Mooring.Configuration;
using Mooring.Linux.Conntrack;
using Mooring.Linux.Netlink;
using Mooring.Telemetry;

namespace Mooring.Agent.Composition;

/// <summary>Puts the agent together and runs it.</summary>
internal static class AgentHost
{
    private const int InvalidOptions = 2;

    /// <summary>Above what failover needs to hand over, below a pod's termination grace period.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(
        Action<AgentOptions> configure, Func<LogSettings> log, ConfigFile file, CancellationToken cancellationToken)
    {
        // The host would say the same, inside a stack trace.
        var problems = Problems(configure);
        foreach (var problem in problems)
        {
            await Console.Error.WriteLineAsync(problem).ConfigureAwait(false);
        }

        if (problems.Count > 0)
        {
            return InvalidOptions;
        }

        // An agent with a bad file still holds its addresses: it tells of it once it has a log.
        if (file.Path is not null)
        {
            file.Read();
        }

        // Disposes the host as well.
        await Build(configure, log, file).RunAsync(cancellationToken).ConfigureAwait(false);
        return 0;
    }

    /// <summary>What is wrong with the options, each by the name of its option.</summary>
    public static IReadOnlyList<string> Problems(Action<AgentOptions> configure)
    {
        var options = new AgentOptions();
        configure(options);
        return [.. new AgentOptionsValidator().Validate(null, options).Failures ?? []];
    }

    /// <param name="configure">Asked again for what can change when the file does.</param>
    public static IHost Build(Action<AgentOptions> configure, Func<LogSettings> log, ConfigFile? file = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        LogSettings.Configure(builder.Logging, log);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddOptions<AgentOptions>().Configure(configure).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AgentOptions>, AgentOptionsValidator>();
        builder.Services.AddSingleton(TimeProvider.System);
        AddParts(builder.Services);
        builder.Services.AddConfigFile(file).AddReloaded<OperationsOptions>(file);
        AddOperations(builder.Services, configure);
        AddHostedServices(builder.Services);
        return builder.Build();
    }

    private static void AddParts(IServiceCollection services)
    {
        services.AddSingleton(provider => new HealthProbes(
            Options(provider).CheckDirectory,
            CheckSource.Create(
                Options(provider),
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<ProbeSource>>()),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<HealthCheckMetrics>();
        services.AddSingleton(provider => new HealthCheckService(
            Options(provider).NodeName,
            provider.GetRequiredService<HealthProbes>(),
            provider.GetRequiredService<HealthCheckMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HealthCheckService>>()));

        services.AddSingleton(provider => new VerdictKeeper(
            Path.Combine(Options(provider).StateDirectory, "verdicts"),
            provider.GetRequiredService<HealthCheckService>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<VerdictKeeper>>()));

        services.AddSingleton(provider => new VerdictExchange(
            Options(provider).NodeName,
            VerdictSocket.Everywhere(Options(provider).VerdictPort),
            provider.GetRequiredService<HealthCheckService>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<VerdictExchange>>()));

        services.AddSingleton<DataPlaneOptions>();
        services.AddSingleton<IDataPlane, NftablesDataPlane>();
        services.AddSingleton(provider => new DataPlaneLoop(
            provider.GetRequiredService<IDataPlane>(),
            Options(provider).NodeName,
            provider.GetRequiredService<VerdictExchange>().IsHealthy,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DataPlaneLoop>>()));

        services.AddSingleton(provider => new FirstPacketWatch(
            provider.GetRequiredService<DataPlaneLoop>().CountersAsync,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FirstPacketWatch>>()));

        services.AddSingleton(provider => new NodeInterfaceWatcher(
            NetworkInterfaceMonitor.Open,
            Options(provider).Interfaces,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<NodeInterfaceWatcher>>()));
        services.AddSingleton<INodeInterfaces>(provider => provider.GetRequiredService<NodeInterfaceWatcher>());
        services.AddSingleton(SpeakerSockets.Own);
        services.AddSingleton<SpeakerOptions>();
        services.AddSingleton<SpeakerMetrics>();
        services.AddSingleton<AddressSpeaker>();
        services.AddSingleton<AddressProber>();
        services.AddSingleton<ISpeaker>(provider => provider.GetRequiredService<AddressSpeaker>());
        services.AddSingleton<HeartbeatSocketFactory>(HeartbeatSocket.Open);
        services.AddSingleton<FailoverMetrics>();
        services.AddSingleton(provider => new FailoverOptions
        {
            NodeName = Options(provider).NodeName,
            Port = Options(provider).HeartbeatPort,
            TermFile = Path.Combine(Options(provider).StateDirectory, "terms"),
        });
        services.AddSingleton<FailoverService>();

        services.AddSingleton(provider => new GatewayProber(
            DefaultGatewayMonitor.Open,
            SpeakerSockets.Own,
            provider.GetRequiredService<INodeInterfaces>(),
            provider.GetRequiredService<FailoverService>().SetGatewayReachable,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<GatewayProber>>()));

        services.AddSingleton<AgentReports>();
        services.AddSingleton<ControllerLinkMetrics>();
        services.AddSingleton<NodeFactsCollector>();
        services.AddSingleton<IAgentPresence>(provider => new AgentPresence(
            Options(provider).NodeName,
            provider.GetRequiredService<NodeFactsCollector>(),
            provider.GetRequiredService<FailoverService>(),
            provider.GetRequiredService<HealthCheckService>(),
            provider.GetRequiredService<AddressProber>()));

        services.AddSingleton(provider => new HandshakeWatch(
            provider.GetRequiredService<HealthCheckService>(),
            ReadFlows,
            ConntrackMonitor.Open,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<HandshakeWatch>>()));

        services.AddSingleton(provider => new LoadReporter(
            ReadFlows,
            provider.GetRequiredService<HealthCheckService>().ResponseTimes,
            provider.GetRequiredService<AgentReports>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LoadReporter>>()));

        services.AddSingleton(provider => new HealthCheckPortService(
            Options(provider).NodeName,
            provider.GetRequiredService<VerdictExchange>().IsHealthy,
            () => provider.GetRequiredService<DataPlaneLoop>().Problem is null,
            provider,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>(),
            provider.GetRequiredService<ILogger<HealthCheckPortService>>()));

        services.AddSingleton(provider => new SurroundingsWatch(
            Options(provider).NodeName,
            () => (new SurroundingsReader(provider.GetRequiredService<DataPlaneOptions>().SysctlDirectory).Interfaces(), SurroundingsReader.EarlierRules()),
            provider.GetRequiredService<NodeFactsCollector>().Found,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SurroundingsWatch>>()));

        services.AddSingleton(provider => new SnapshotStore(
            Options(provider).StateDirectory, provider.GetRequiredService<ILogger<SnapshotStore>>()));
        services.AddSingleton(provider => new SnapshotKeeper(
            provider.GetRequiredService<SnapshotStore>(),
            [
                // In this order: what is claimed is programmed, and what is programmed is checked.
                new HealthCheckConsumer(
                    provider.GetRequiredService<HealthCheckService>(),
                    provider.GetRequiredService<VerdictExchange>(),
                    () => provider.GetRequiredService<DataPlaneLoop>().VerdictsChanged()),
                provider.GetRequiredService<DataPlaneLoop>(),
                provider.GetRequiredService<LoadReporter>(),
                provider.GetRequiredService<SurroundingsWatch>(),
                provider.GetRequiredService<HandshakeWatch>(),
                provider.GetRequiredService<HealthCheckPortService>(),
                provider.GetRequiredService<ControllerFirst>(),
            ],
            provider.GetRequiredService<ILogger<SnapshotKeeper>>()));
        services.AddSingleton(provider => new ControllerLink(
            [.. Options(provider).Controllers.Select(controller => new Uri(controller))],
            new ControllerChannels(Options(provider).AuthorityFile, Options(provider).TokenFile),
            provider.GetRequiredService<SnapshotKeeper>(),
            provider.GetRequiredService<AgentReports>(),
            provider.GetRequiredService<IAgentPresence>(),
            provider.GetRequiredService<ControllerLinkMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ControllerLink>>()));
        services.AddSingleton<AgentReporter>();
        services.AddSingleton(provider => new ControllerFirst(
            new FailoverConsumer(provider.GetRequiredService<FailoverService>()),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ControllerFirst>>()));
        services.AddSingleton<AgentStartup>();
    }

    /// <summary>Before all else, so that who asks is told what the start waits for.</summary>
    private static void AddOperations(IServiceCollection services, Action<AgentOptions> configure)
    {
        services.AddOperations(operations =>
        {
            var options = new AgentOptions();
            configure(options);
            operations.Program = "mooring-agent";
            operations.Listen = options.OperationsListen;
            operations.OtlpEndpoint = options.OtlpEndpoint;
        });
        services.AddLiveCheck("data-plane", static provider => provider.GetRequiredService<DataPlaneLoop>().Problem);
        services.AddReadyCheck("start", static provider => provider.GetRequiredService<AgentStartup>().Problem);
        services.AddReadyCheck("failover", static provider => provider.GetRequiredService<ControllerFirst>().Problem);
        services.AddSingleton<AgentMetrics>();
        services.AddHostedService(static provider => provider.GetRequiredService<AgentMetrics>());
    }

    /// <summary>
    /// Started in this order and stopped in the reverse one: failover hands its addresses over first, while the rest
    /// still forwards and tells the controller.
    /// </summary>
    private static void AddHostedServices(IServiceCollection services)
    {
        services.AddHostedService(provider => provider.GetRequiredService<DataPlaneLoop>());
        services.AddHostedService(provider => provider.GetRequiredService<NodeInterfaceWatcher>());
        services.AddHostedService(provider => provider.GetRequiredService<NodeFactsCollector>());
        services.AddHostedService(provider => provider.GetRequiredService<GatewayProber>());
        services.AddHostedService(provider => provider.GetRequiredService<HealthCheckService>());
        services.AddHostedService(provider => provider.GetRequiredService<VerdictExchange>());
        services.AddHostedService(provider => provider.GetRequiredService<AgentStartup>());
        services.AddHostedService(provider => provider.GetRequiredService<VerdictKeeper>());
        services.AddHostedService(provider => provider.GetRequiredService<ControllerLink>());
        services.AddHostedService(provider => provider.GetRequiredService<FirstPacketWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<LoadReporter>());
        services.AddHostedService(provider => provider.GetRequiredService<SurroundingsWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<HandshakeWatch>());
        services.AddHostedService(provider => provider.GetRequiredService<HealthCheckPortService>());
        services.AddHostedService(provider => provider.GetRequiredService<AgentReporter>());
        services.AddHostedService(provider => provider.GetRequiredService<FailoverService>());
    }

    private static void ReadFlows(Action<ConntrackFlow> take)
    {
        using var conntrack = new ConntrackTable();
        conntrack.Read(take);
    }

    private static AgentOptions Options(IServiceProvider provider) =>
        provider.GetRequiredService<IOptions<AgentOptions>>().Value;
}
