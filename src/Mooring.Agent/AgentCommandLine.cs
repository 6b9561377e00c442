using System.CommandLine;
using System.Globalization;
using Mooring.Agent.Composition;
using Mooring.Configuration;
using Mooring.Telemetry;

namespace Mooring.Agent;

/// <summary>The commands of mooring-agent. Every option can also be given by a MOORING_ variable.</summary>
internal static class AgentCommandLine
{
    public static RootCommand Create() => new("Holds virtual IPs on this node and forwards their packets.")
    {
        Run(),
        Cleanup(),
    };

    private static Command Run()
    {
        var nodeName = new Option<string>("--node-name")
        {
            Description = "Name of this node in the cluster [MOORING_NODE_NAME].",
            DefaultValueFactory = _ => Variable("NODE_NAME") ?? "",
        };
        var controllers = new Option<string[]>("--controller")
        {
            Description = "Where a controller listens, https://host:port; may be given several times [MOORING_CONTROLLER, separated by commas].",
            DefaultValueFactory = _ => List("CONTROLLER"),
        };
        var authorityFile = new Option<string>("--ca-file")
        {
            Description = "File with the authorities of the controllers' certificates [MOORING_CA_FILE].",
            DefaultValueFactory = _ => Variable("CA_FILE") ?? AgentOptions.DefaultAuthorityFile,
        };
        var tokenFile = new Option<string>("--token-file")
        {
            Description = "File with the token of this agent's pod, for the audience mooring [MOORING_TOKEN_FILE].",
            DefaultValueFactory = _ => Variable("TOKEN_FILE") ?? AgentOptions.DefaultTokenFile,
        };
        var insecure = new Option<bool>("--insecure")
        {
            Description = "Allow --controller http://: neither encrypted nor authenticated. For tests alone.",
        };
        var stateDirectory = new Option<string>("--state-directory")
        {
            Description = "Directory that keeps the last snapshot and the highest terms over restarts [MOORING_STATE_DIRECTORY].",
            DefaultValueFactory = _ => Variable("STATE_DIRECTORY") ?? AgentOptions.DefaultStateDirectory,
        };
        var interfaces = new Option<string[]>("--interface")
        {
            Description = "Interface to announce on; may be given several times; all that have an address when not given [MOORING_INTERFACES, separated by commas].",
            DefaultValueFactory = _ => List("INTERFACES"),
        };
        var heartbeatPort = new Option<int>("--heartbeat-port")
        {
            Description = "UDP port of the heartbeats, the same on all nodes [MOORING_HEARTBEAT_PORT].",
            DefaultValueFactory = result => Number(result, "HEARTBEAT_PORT", AgentOptions.DefaultHeartbeatPort),
        };
        var verdictPort = new Option<int>("--verdict-port")
        {
            Description = "UDP port over which agents tell each other what their health checks found, the same on all nodes [MOORING_VERDICT_PORT].",
            DefaultValueFactory = result => Number(result, "VERDICT_PORT", AgentOptions.DefaultVerdictPort),
        };
        var checkDirectory = new Option<string?>("--check-directory")
        {
            Description = "Directory of the programs that health checks of type Exec may run; without it they run none [MOORING_CHECK_DIRECTORY].",
            DefaultValueFactory = _ => Variable("CHECK_DIRECTORY"),
        };
        var checkSources = new Option<string[]>("--check-source")
        {
            Description = "Network such as 10.70.0.0/24: health checks come from this node's address within it; may be given several times; the node's routes choose when not given [MOORING_CHECK_SOURCE, separated by commas].",
            DefaultValueFactory = _ => List("CHECK_SOURCE"),
        };
        var checkSourcePorts = new Option<string>("--check-source-ports")
        {
            Description = "Ports that health checks come from, such as 40000-40999, within net.ipv4.ip_local_port_range; Linux 6.3 [MOORING_CHECK_SOURCE_PORTS].",
            DefaultValueFactory = _ => Variable("CHECK_SOURCE_PORTS") ?? "",
        };
        var operations = new Option<string>("--operations-listen")
        {
            Description = OperationsOptions.ListenDescription + " [MOORING_OPERATIONS_LISTEN].",
            DefaultValueFactory = _ => Variable("OPERATIONS_LISTEN") ?? "",
        };
        var otlp = new Option<string>("--otlp-endpoint")
        {
            Description = OperationsOptions.OtlpDescription + " [MOORING_OTLP_ENDPOINT].",
            DefaultValueFactory = _ => Variable("OTLP_ENDPOINT") ?? "",
        };
        var logFormat = LogFormat();
        var logLevel = LogLevel();
        var config = ConfigFile.Option(Variable("CONFIG"), " [MOORING_CONFIG].");

        var command = new Command("run", "Runs the agent until it is told to stop.")
        {
            nodeName, controllers, authorityFile, tokenFile, insecure, stateDirectory, interfaces, heartbeatPort, verdictPort,
            checkDirectory, checkSources, checkSourcePorts, operations, otlp, logFormat, logLevel, config,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var reloadable = new ReloadableCommand(
                parsed, [otlp, logFormat, logLevel], result => AgentHost.Problems(options => Apply(result, options)));
            var file = new ConfigFile(reloadable, parsed.GetValue(config));
            return AgentHost.RunAsync(
                options => Apply(file.Current, options),
                () => LogSettings.From(file.Current, logFormat, logLevel),
                file,
                cancellationToken);
        });
        return command;

        void Apply(ParseResult result, AgentOptions options)
        {
            options.NodeName = result.GetValue(nodeName)!;
            options.Controllers = result.GetValue(controllers)!;
            options.AuthorityFile = result.GetValue(authorityFile)!;
            options.TokenFile = result.GetValue(tokenFile)!;
            options.Insecure = result.GetValue(insecure);
            options.StateDirectory = result.GetValue(stateDirectory)!;
            options.Interfaces = result.GetValue(interfaces)!;
            options.HeartbeatPort = result.GetValue(heartbeatPort);
            options.VerdictPort = result.GetValue(verdictPort);
            options.CheckDirectory = result.GetValue(checkDirectory);
            options.CheckSources = result.GetValue(checkSources)!;
            options.CheckSourcePorts = result.GetValue(checkSourcePorts)!;
            options.OperationsListen = result.GetValue(operations)!;
            options.OtlpEndpoint = result.GetValue(otlp)!;
        }
    }

    private static Command Cleanup()
    {
        var logFormat = LogFormat();
        var logLevel = LogLevel();
        var command = new Command("cleanup", "Removes what the agent left in this node's kernel: forwarding stops.")
        {
            logFormat, logLevel,
        };
        command.SetAction((result, cancellationToken) => CleanupCommand.RunAsync(
            LogSettings.From(result, logFormat, logLevel), cancellationToken));
        return command;
    }

    private static Option<string> LogFormat() => LogSettings.FormatOption(Variable("LOG_FORMAT"), " [MOORING_LOG_FORMAT].");

    private static Option<string> LogLevel() => LogSettings.LevelOption(Variable("LOG_LEVEL"), " [MOORING_LOG_LEVEL].");

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable($"MOORING_{name}") is { Length: > 0 } value ? value : null;

    private static string[] List(string name) =>
        Variable(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static int Number(System.CommandLine.Parsing.ArgumentResult result, string name, int fallback)
    {
        if (Variable(name) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        result.AddError($"MOORING_{name} must be a number, not '{text}'");
        return fallback;
    }
}
