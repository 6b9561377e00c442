using System.CommandLine;
using Mooring.Linux;
using Mooring.Sandbox.Daemon;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Commands;

/// <summary>The verbs of <c>mooring-sandbox</c>.</summary>
internal static class SandboxCommandLine
{
    /// <summary>What the message of a failed verb begins with, on standard error.</summary>
    public const string ErrorMark = "error: ";

    public static RootCommand Create() => new("Mooring's cluster in a box: an API server, a network, nodes and pods")
    {
        UpCommand.Create(),
        UpCommand.CreateDaemon(),
        StatusCommand.Create(),
        NodeCommand.Create(),
        PodCommand.Create(),
        ControllerCommand.Create(),
        ApiServerCommand.Create(),
        ExecCommand.Create(),
        ProbeCommand.Create(),
        HoldCommand.Create(),
        DownCommand.Create(),
    };

    /// <summary>The option by which each verb chooses its sandbox.</summary>
    public static Option<SandboxName> NameOption() => new("--name")
    {
        Description = "name of the sandbox; several may be up at once",
        HelpName = "NAME",
        DefaultValueFactory = _ => SandboxName.Parse(SandboxName.Default),
        CustomParser = result =>
        {
            try
            {
                return SandboxName.Parse(result.Tokens[0].Value);
            }
            catch (FormatException exception)
            {
                result.AddError(exception.Message);
                return null;
            }
        },
    };

    /// <summary>Runs a verb; what a user can mend is printed in one line, and the status is 1.</summary>
    public static async Task<int> RunAsync(Func<Task> verb)
    {
        try
        {
            await verb();
            return 0;
        }
        catch (Exception exception) when (exception is DaemonException or InvalidOperationException or ArgumentException
            or FormatException or IOException or UnauthorizedAccessException
            or HttpRequestException or SystemCallException)
        {
            await Console.Error.WriteLineAsync($"{ErrorMark}{exception.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }
}
