using System.CommandLine;
using k8s;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Mooring.Api;
using Mooring.Configuration;
using Mooring.Core.Placement;
using Mooring.Telemetry;

namespace Mooring.Controller.Hosting;

/// <summary>The command line of mooring-controller.</summary>
internal static class ControllerCommand
{
    public static RootCommand Create()
    {
        var kubeconfig = new Option<string?>("--kubeconfig")
        {
            Description = "Path of a kubeconfig. Default: $KUBECONFIG, the pod's service account, ~/.kube/config",
        };
        var listen = new Option<string>("--listen")
        {
            Description = "URL that agents connect to; http:// only with --insecure",
            DefaultValueFactory = _ => ControllerOptions.DefaultListen,
        };
        var @namespace = new Option<string>("--namespace")
        {
            Description = "Namespace of the agents, the leader's Lease, the heartbeat key and the certificate authority",
            DefaultValueFactory = _ => ControllerOptions.DefaultNamespace,
        };
        var insecure = new Option<bool>("--insecure")
        {
            Description = "Allow --listen http://: agents are neither encrypted nor asked who they are. For tests alone",
        };
        var agentServiceAccount = new Option<string>("--agent-service-account")
        {
            Description = "ServiceAccount whose tokens agents prove themselves with",
            DefaultValueFactory = _ => ControllerOptions.DefaultAgentServiceAccount,
        };
        var authorityLifetime = Duration(
            "--ca-lifetime",
            "How long a certificate authority lives, 10s to 87840h; it is replaced after two thirds of it",
            ControllerOptions.DefaultAuthorityLifetime);
        var authorityOverlap = Duration(
            "--ca-overlap",
            "How long agents trust two authorities before the new one signs, and after, 1s to 168h",
            ControllerOptions.DefaultAuthorityOverlap);
        var certificateLifetime = Duration(
            "--certificate-lifetime",
            "How long the certificate that agents see lives, 3s to 8784h; it is replaced after two thirds of it",
            ControllerOptions.DefaultCertificateLifetime);
        var heartbeatKeyLifetime = Duration(
            "--heartbeat-key-lifetime",
            "How long a heartbeat key signs before it is replaced, up to 87840h; 0s replaces it on request alone",
            ControllerOptions.DefaultHeartbeatKeyLifetime);
        var leaderElect = new Option<bool>("--leader-elect")
        {
            Description = "Lead by a Lease, so that several replicas can run",
            DefaultValueFactory = _ => true,
        };
        var identity = new Option<string>("--identity")
        {
            Description = "Name of this replica, unlike that of any other",
            DefaultValueFactory = _ => Environment.MachineName,
        };
        var defaultLoadBalancer = new Option<bool>("--default-load-balancer")
        {
            Description = "Serve Services of type LoadBalancer without a loadBalancerClass too",
        };
        var cordonDrains = new Option<bool>("--cordon-drains")
        {
            Description = "Move addresses away from nodes that are cordoned, as from those with the drain annotation",
        };
        var rebalance = new Option<bool>("--rebalance")
        {
            Description = "Move addresses away from nodes that hold more than their share",
        };
        var maxMoves = new Option<int>("--max-moves")
        {
            Description = "Planned moves of addresses under way at a time, 1 to 1000",
            DefaultValueFactory = _ => MoveOptions.DefaultMaxInFlight,
        };
        var failbackDelay = Duration(
            "--failback-delay",
            "How long a node must have been the better one before it gets an address from a live holder, up to 1h",
            MoveOptions.DefaultFailbackDelay);
        var failureMemory = Duration(
            "--failure-memory",
            "How long a node that failed once ranks behind the others, up to 1h; longer after repeated failures",
            ControllerOptions.DefaultFailureHalfLife);
        var operations = new Option<string>("--operations-listen")
        {
            Description = OperationsOptions.ListenDescription,
            DefaultValueFactory = _ => "",
        };
        var otlp = new Option<string>("--otlp-endpoint")
        {
            Description = OperationsOptions.OtlpDescription,
            DefaultValueFactory = _ => "",
        };
        var logFormat = LogSettings.FormatOption();
        var logLevel = LogSettings.LevelOption();
        var config = ConfigFile.Option();

        var run = new Command("run", "Run the controller")
        {
            kubeconfig, listen, insecure, @namespace, agentServiceAccount, authorityLifetime, authorityOverlap, certificateLifetime,
            heartbeatKeyLifetime, leaderElect, identity, defaultLoadBalancer, cordonDrains, rebalance, maxMoves, failbackDelay,
            failureMemory, operations, otlp, logFormat, logLevel, config,
        };
        run.SetAction((parsed, cancellationToken) =>
        {
            var reloadable = new ReloadableCommand(
                parsed,
                [defaultLoadBalancer, cordonDrains, rebalance, maxMoves, failbackDelay, failureMemory, otlp, logFormat, logLevel],
                result => Problems(options => Apply(result, options)));
            var file = new ConfigFile(reloadable, parsed.GetValue(config));
            return RunAsync(
                parsed.GetValue(kubeconfig),
                options => Apply(file.Current, options),
                () => LogSettings.From(file.Current, logFormat, logLevel),
                file,
                cancellationToken);
        });
        return new RootCommand("Decides which node answers for which virtual IP, and tells the agents") { run };

        void Apply(ParseResult parsed, ControllerOptions options)
        {
            options.Listen = parsed.GetValue(listen)!;
            options.Insecure = parsed.GetValue(insecure);
            options.Namespace = parsed.GetValue(@namespace)!;
            options.AgentServiceAccount = parsed.GetValue(agentServiceAccount)!;
            options.AuthorityLifetime = parsed.GetValue(authorityLifetime);
            options.AuthorityOverlap = parsed.GetValue(authorityOverlap);
            options.CertificateLifetime = parsed.GetValue(certificateLifetime);
            options.HeartbeatKeyLifetime = parsed.GetValue(heartbeatKeyLifetime);
            options.LeaderElect = parsed.GetValue(leaderElect);
            options.Identity = parsed.GetValue(identity)!;
            options.DefaultLoadBalancer = parsed.GetValue(defaultLoadBalancer);
            options.CordonDrains = parsed.GetValue(cordonDrains);
            options.Rebalance = parsed.GetValue(rebalance);
            options.MaxMovesInFlight = parsed.GetValue(maxMoves);
            options.FailbackDelay = parsed.GetValue(failbackDelay);
            options.FailureHalfLife = parsed.GetValue(failureMemory);
            options.OperationsListen = parsed.GetValue(operations)!;
            options.OtlpEndpoint = parsed.GetValue(otlp)!;
        }
    }

    private static IEnumerable<string> Problems(Action<ControllerOptions> configure)
    {
        var options = new ControllerOptions();
        configure(options);
        return new ControllerOptionsValidator().Validate(Options.DefaultName, options).Failures ?? [];
    }

    private static Option<TimeSpan> Duration(string name, string description, TimeSpan standard) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            if (GoDuration.TryParse(result.Tokens[0].Value, out var duration))
            {
                return duration;
            }

            result.AddError($"{name}: '{result.Tokens[0].Value}' is no duration: write 500ms, 30s or 2m");
            return standard;
        },
    };

    private static async Task<int> RunAsync(
        string? kubeconfig,
        Action<ControllerOptions> configure,
        Func<LogSettings> log,
        ConfigFile file,
        CancellationToken cancellationToken)
    {
        // Without what the file says it could give addresses away: another replica, or the next try, does better.
        if (file.Path is not null && file.Read() is { IsGood: false } bad)
        {
            foreach (var error in bad.Errors)
            {
                await Console.Error.WriteLineAsync($"mooring-controller: {file.Path}: {error}");
            }

            return 2;
        }

        try
        {
            var cluster = kubeconfig is null
                ? KubernetesClientConfiguration.BuildDefaultConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
            await using var app = ControllerHost.Build(
                cluster, configure, logging => LogSettings.Configure(logging, log), file: file);
            await app.StartAsync(cancellationToken);
            await app.WaitForShutdownAsync(cancellationToken);
            return 0;
        }
        catch (OptionsValidationException e)
        {
            foreach (var failure in e.Failures)
            {
                await Console.Error.WriteLineAsync($"mooring-controller: {failure}");
            }

            return 2;
        }
        catch (Exception e) when (e is k8s.Exceptions.KubeConfigException or IOException or FormatException)
        {
            await Console.Error.WriteLineAsync($"mooring-controller: {e.Message}");
            return 2;
        }
    }
}
