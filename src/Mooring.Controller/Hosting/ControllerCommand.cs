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
            Description = "URL that agents connect to",
            DefaultValueFactory = _ => ControllerOptions.DefaultListen,
        };
        var @namespace = new Option<string>("--namespace")
        {
            Description = "Namespace of the leader's Lease and of the heartbeat key",
            DefaultValueFactory = _ => ControllerOptions.DefaultNamespace,
        };
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
            kubeconfig, listen, @namespace, leaderElect, identity, defaultLoadBalancer, cordonDrains, rebalance, maxMoves, failbackDelay,
            failureMemory, operations, otlp, logFormat, logLevel,
        };
        run.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(kubeconfig),
            options =>
            {
                options.Listen = parsed.GetValue(listen)!;
                options.Namespace = parsed.GetValue(@namespace)!;
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
