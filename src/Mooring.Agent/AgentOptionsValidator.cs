using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Telemetry;

namespace Mooring.Agent;

internal sealed class AgentOptionsValidator : IValidateOptions<AgentOptions>
{
    private const int MaxNameLength = 253;
    private const int MaxInterfaceNameLength = 15;
    private const int MaxControllers = 16;

    public ValidateOptionsResult Validate(string? name, AgentOptions options)
    {
        var errors = new List<string>();
        if (options.NodeName.Length is 0 or > MaxNameLength
            || options.NodeName.Any(c => !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')))
        {
            errors.Add(
                $"--node-name (MOORING_NODE_NAME) must be the node's name in the cluster: 1 to {MaxNameLength} characters of a-z, 0-9, '-' and '.', not '{options.NodeName}'");
        }

        if (options.Controllers.Count is 0 or > MaxControllers)
        {
            errors.Add($"--controller (MOORING_CONTROLLER) must be given 1 to {MaxControllers} times, such as https://mooring-controller:7946");
        }

        foreach (var controller in options.Controllers)
        {
            if (!Uri.TryCreate(controller, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                errors.Add($"--controller (MOORING_CONTROLLER) must be https://host:port, not '{controller}'");
            }
            else if (uri.Scheme == "http" && !options.Insecure)
            {
                errors.Add($"--controller (MOORING_CONTROLLER) must be https://host:port, not '{controller}', unless --insecure is given too");
            }
        }

        if (!Path.IsPathFullyQualified(options.StateDirectory))
        {
            errors.Add($"--state-directory (MOORING_STATE_DIRECTORY) must be an absolute path, not '{options.StateDirectory}'");
        }

        if (!Path.IsPathFullyQualified(options.AuthorityFile))
        {
            errors.Add($"--ca-file (MOORING_CA_FILE) must be an absolute path, not '{options.AuthorityFile}'");
        }

        if (!Path.IsPathFullyQualified(options.TokenFile))
        {
            errors.Add($"--token-file (MOORING_TOKEN_FILE) must be an absolute path, not '{options.TokenFile}'");
        }

        foreach (var interfaceName in options.Interfaces)
        {
            if (interfaceName.Length is 0 or > MaxInterfaceNameLength || interfaceName.Any(c => c is '/' || char.IsWhiteSpace(c)))
            {
                errors.Add($"--interface (MOORING_INTERFACES) must be interface names of 1 to {MaxInterfaceNameLength} characters, not '{interfaceName}'");
            }
        }

        if (options.HeartbeatPort is < 1 or > ushort.MaxValue)
        {
            errors.Add($"--heartbeat-port (MOORING_HEARTBEAT_PORT) must be 1 to 65535, not {options.HeartbeatPort}");
        }

        if (options.VerdictPort is < 1 or > ushort.MaxValue || options.VerdictPort == options.HeartbeatPort)
        {
            errors.Add(
                $"--verdict-port (MOORING_VERDICT_PORT) must be 1 to 65535 and not the heartbeat port, not {options.VerdictPort}");
        }

        if (options.CheckDirectory is { } directory && !Path.IsPathFullyQualified(directory))
        {
            errors.Add($"--check-directory (MOORING_CHECK_DIRECTORY) must be an absolute path, not '{directory}'");
        }

        foreach (var network in options.CheckSources)
        {
            if (!IPNetwork.TryParse(network, out _))
            {
                errors.Add($"--check-source (MOORING_CHECK_SOURCE) must be networks such as 10.70.0.0/24, not '{network}'");
            }
        }

        if (options.CheckSourcePorts.Length > 0 && !SourcePorts.TryParse(options.CheckSourcePorts, out _))
        {
            errors.Add($"--check-source-ports (MOORING_CHECK_SOURCE_PORTS) must be a range of ports such as 40000-40999, not '{options.CheckSourcePorts}'");
        }

        var operations = new OperationsOptions { Listen = options.OperationsListen, OtlpEndpoint = options.OtlpEndpoint };
        errors.AddRange(operations.Validate(new ValidationContext(operations)).Select(invalid => invalid.ErrorMessage!));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
