using System.CommandLine;
using k8s;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Api;
using Mooring.Core.Placement;
using Mooring.Telemetry;

namespace Mooring.Controller.Hosting;

/// <summary>The command line of mooring-controller.</summary>
internal static class ControllerCommand
{
    private const string ConsoleLines = "console";
    private const string Json = "json";

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
        var logFormat = new Option<string>("--log-format")
        {
            Description = "console or json, one line for each entry",
            DefaultValueFactory = _ => ConsoleLines,
        };
        logFormat.AcceptOnlyFromAmong(ConsoleLines, Json);
        var logLevel = new Option<LogLevel>("--log-level")
        {
            Description = "Least level that is logged",
            DefaultValueFactory = _ => LogLevel.Information,
        };

        var run = new Command("run", "Run the controller")
        {
            kubeconfig, listen, insecure, @namespace, agentServiceAccount, authorityLifetime, authorityOverlap, certificateLifetime,
            heartbeatKeyLifetime, leaderElect, identity, defaultLoadBalancer, cordonDrains, rebalance, maxMoves, failbackDelay,
            failureMemory, operations, otlp, logFormat, logLevel,
        };
        run.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(kubeconfig),
            options =>
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
            },
            logging => ConfigureLogging(logging, parsed.GetValue(logFormat) == Json, parsed.GetValue(logLevel)),
            cancellationToken));
        return new RootCommand("Decides which node answers for which virtual IP, and tells the agents") { run };
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
        Action<ILoggingBuilder> configureLogging,
        CancellationToken cancellationToken)
    {
        try
        {
            var cluster = kubeconfig is null
                ? KubernetesClientConfiguration.BuildDefaultConfig()
                : KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig);
            await using var app = ControllerHost.Build(cluster, configure, configureLogging);
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

    private static void ConfigureLogging(ILoggingBuilder logging, bool json, LogLevel level)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
        if (json)
        {
            logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
        }
    }
}
