using System.CommandLine;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Daemon;
using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Commands;

/// <summary><c>up</c>, and the hidden <c>daemon</c> that it starts in the background.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var options = new UpOptions();
        var foreground = new Option<bool>("--foreground") { Description = "stay here until Ctrl+C, then take it down" };
        var command = new Command("up", "Bring a sandbox up") { foreground };
        options.AddTo(command);
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            EnsurePossible();
            var chosen = options.Read(result);
            if (result.GetValue(foreground))
            {
                await DaemonHost.RunAsync(chosen, PrintStep, cluster => PrintReady(cluster.Status()), cancellationToken);
                return;
            }

            PrintReady(await DaemonLauncher.LaunchAsync(
                chosen, ["daemon", .. UpOptions.Write(chosen)], PrintStep, TimeProvider.System, cancellationToken));
        }));
        return command;
    }

    public static Command CreateDaemon()
    {
        var options = new UpOptions();
        var command = new Command("daemon", "What runs in the background") { Hidden = true };
        options.AddTo(command);
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(() => DaemonHost.RunAsync(
            options.Read(result), step => Console.WriteLine(DaemonHost.StepMark + step), _ => { }, cancellationToken)));
        return command;
    }

    private static void EnsurePossible()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            throw new InvalidOperationException("network namespaces need Linux and root: run it as root");
        }
    }

    private static void PrintStep(string step) => Console.WriteLine(DaemonHost.StepMark + step);

    private static void PrintReady(SandboxStatus status)
    {
        var name = status.Name == SandboxName.Default ? "" : $" --name {status.Name}";
        Console.WriteLine(
            $"""

            Sandbox {status.Name} is up: {status.Nodes.Count} nodes, {status.Pods.Count} pods, API server {status.ApiServer}

              export KUBECONFIG={status.Kubeconfig}
              kubectl apply -f manifests/examples/web.yaml
              kubectl get vip
              mooring-sandbox exec{name} client -- curl -s http://10.70.0.100/
              mooring-sandbox status{name}
              mooring-sandbox down{name}
            """);
    }
}
