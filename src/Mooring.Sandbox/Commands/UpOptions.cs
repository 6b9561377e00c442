using System.CommandLine;
using System.Globalization;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Commands;

/// <summary>The options that describe a sandbox.</summary>
internal sealed class UpOptions
{
    private readonly Option<SandboxName> _name = SandboxCommandLine.NameOption();

    private readonly Option<string?> _data = new("--data")
    {
        Description = "keep the API server's objects in this directory; in memory without it",
        HelpName = "DIR",
    };

    private readonly Option<int> _nodes = Number("--nodes", SandboxOptions.DefaultNodes, 1, Topology.MaxNodes, "nodes");

    private readonly Option<int> _pods = Number(
        "--pods", SandboxOptions.DefaultPodsPerNode, 0, Topology.MaxPodsPerNode, "pods on each node");

    private readonly Option<bool> _secondLan = new("--second-lan")
    {
        Description = "give every host a second cable, to a LAN of its own: 10.72.0.0/24 and fd00:72::/64",
    };

    private readonly Option<bool> _bare = new("--bare") { Description = "without controller and agents" };

    private readonly Option<string[]> _controllerOptions = new("--controller-option")
    {
        Description = "an option of mooring-controller, such as --controller-option=--rebalance; may be given several times",
        HelpName = "OPTION",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_name);
        command.Options.Add(_data);
        command.Options.Add(_nodes);
        command.Options.Add(_pods);
        command.Options.Add(_secondLan);
        command.Options.Add(_bare);
        command.Options.Add(_controllerOptions);
    }

    public SandboxOptions Read(ParseResult result) => new()
    {
        Name = result.GetValue(_name)!,
        DataDirectory = result.GetValue(_data) is { } data ? Path.GetFullPath(data) : null,
        Nodes = result.GetValue(_nodes),
        PodsPerNode = result.GetValue(_pods),
        SecondLan = result.GetValue(_secondLan),
        RunMooring = !result.GetValue(_bare),
        ControllerArguments = result.GetValue(_controllerOptions)!,
    };

    /// <summary>The same options as arguments, for the daemon.</summary>
    public static IReadOnlyList<string> Write(SandboxOptions options)
    {
        List<string> arguments =
        [
            "--name", options.Name.Value,
            "--nodes", options.Nodes.ToString(CultureInfo.InvariantCulture),
            "--pods", options.PodsPerNode.ToString(CultureInfo.InvariantCulture),
        ];
        if (options.DataDirectory is not null)
        {
            arguments.AddRange(["--data", options.DataDirectory]);
        }

        if (options.SecondLan)
        {
            arguments.Add("--second-lan");
        }

        if (!options.RunMooring)
        {
            arguments.Add("--bare");
        }

        arguments.AddRange(options.ControllerArguments.Select(argument => $"--controller-option={argument}"));
        return arguments;
    }

    private static Option<int> Number(string option, int standard, int least, int most, string what)
    {
        var number = new Option<int>(option)
        {
            Description = $"number of {what}, {least} to {most}",
            DefaultValueFactory = _ => standard,
        };
        number.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
            {
                result.AddError($"{option} must be {least} to {most}");
            }
        });
        return number;
    }
}
