using System.CommandLine;
using Mooring.Sandbox.Daemon;
using Mooring.Sandbox.Lifetime;

namespace Mooring.Sandbox.Commands;

internal static class DownCommand
{
    public static Command Create()
    {
        var name = SandboxCommandLine.NameOption();
        var command = new Command("down", "Take a sandbox down and remove every trace of it") { name };
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            var chosen = result.GetValue(name)!;
            var existed = await DaemonShutdown.RunAsync(
                chosen, new SandboxPaths(chosen), TimeProvider.System, cancellationToken);
            Console.WriteLine(existed ? $"Sandbox {chosen} is down." : $"Sandbox {chosen} was not up.");
        }));
        return command;
    }
}
