using System.CommandLine;
using System.Diagnostics;
using Mooring.Linux.Namespaces;
using Mooring.Sandbox.Daemon;

namespace Mooring.Sandbox.Commands;

internal static class ExecCommand
{
    public static Command Create()
    {
        var name = SandboxCommandLine.NameOption();
        var place = new Argument<string>("PLACE") { Description = "client, switch, control, a node or a pod" };
        var words = new Argument<string[]>("COMMAND")
        {
            Description = "what to run, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("exec", "Run a command in the network of the client, a node or a pod")
        {
            name, place, words,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var status = 0;
            var failed = await SandboxCommandLine.RunAsync(async () =>
            {
                var chosen = result.GetValue(name)!;
                var space = chosen.Namespace(result.GetValue(place)!);
                if (!NetworkNamespace.Exists(space))
                {
                    space = chosen.Namespace($"pod-{result.GetValue(place)}");
                }

                if (!NetworkNamespace.Exists(space))
                {
                    throw new DaemonException(
                        $"sandbox '{chosen}' has no '{result.GetValue(place)}': it has "
                        + string.Join(", ", NetworkNamespace.List(chosen.NamespacePrefix)
                            .Select(found => found[chosen.NamespacePrefix.Length..])));
                }

                var start = new ProcessStartInfo("ip") { UseShellExecute = false };
                foreach (var word in (string[])["netns", "exec", space, .. result.GetValue(words)!])
                {
                    start.ArgumentList.Add(word);
                }

                using var process = Process.Start(start)!;

                // The terminal sends its signals to the command as well; we stay for its status.
                await process.WaitForExitAsync(CancellationToken.None);
                status = process.ExitCode;
            });
            return failed != 0 ? failed : status;
        });
        return command;
    }
}
