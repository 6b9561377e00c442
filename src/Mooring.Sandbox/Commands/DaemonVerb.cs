using System.CommandLine;
using Mooring.Sandbox.Daemon;
using Mooring.Sandbox.Lifetime;

namespace Mooring.Sandbox.Commands;

/// <summary>A verb that the daemon carries out: it posts one path.</summary>
internal static class DaemonVerb
{
    /// <param name="members">Arguments and options that <paramref name="path"/> reads.</param>
    public static Command Create(
        string verb, string description, IReadOnlyList<Symbol> members, Func<ParseResult, string> path)
    {
        var name = SandboxCommandLine.NameOption();
        var command = new Command(verb, description) { name };
        foreach (var member in members)
        {
            if (member is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)member);
            }
        }

        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            var chosen = result.GetValue(name)!;
            using var client = new DaemonClient(chosen, new SandboxPaths(chosen));
            await client.PostAsync(path(result), cancellationToken);
        }));
        return command;
    }
}
