using System.CommandLine;
using System.Text.Json;
using Mooring.Sandbox.Cluster;
using Mooring.Sandbox.Daemon;
using Mooring.Sandbox.Lifetime;
using Spectre.Console;

namespace Mooring.Sandbox.Commands;

internal static class StatusCommand
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var name = SandboxCommandLine.NameOption();
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("status", "Show nodes, pods and processes") { name, json };
        command.SetAction((result, cancellationToken) => SandboxCommandLine.RunAsync(async () =>
        {
            var chosen = result.GetValue(name)!;
            using var client = new DaemonClient(chosen, new SandboxPaths(chosen));
            var status = await client.StatusAsync(cancellationToken);
            if (result.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(status, Indented));
            }
            else
            {
                Print(status);
            }
        }));
        return command;
    }

    private static void Print(SandboxStatus status)
    {
        AnsiConsole.WriteLine($"Sandbox {status.Name}, API server {status.ApiServer}");
        AnsiConsole.WriteLine($"KUBECONFIG={status.Kubeconfig}");
        AnsiConsole.WriteLine($"logs in {status.Logs}");

        var processes = Table("PROCESS", "STATE", "PID", "STARTS", "RESIDENT");
        foreach (var component in status.Nodes.Select(node => node.Agent).Prepend(status.Controller))
        {
            if (component is not null)
            {
                processes.AddRow(
                    component.Name,
                    component.State,
                    component.ProcessId?.ToString() ?? "-",
                    component.Starts.ToString(),
                    $"{component.ResidentMegabytes:0.0} MB");
            }
        }

        var nodes = Table("NODE", "ADDRESS", "LINK");
        foreach (var node in status.Nodes)
        {
            nodes.AddRow(node.Name, node.Address, node.Link);
        }

        var pods = Table("POD", "NODE", "ADDRESS", "READY", "FAILURE", "REQUESTS");
        foreach (var pod in status.Pods)
        {
            pods.AddRow(
                pod.Name, pod.Node, pod.Address, pod.Ready.ToString(), pod.Failure, pod.Requests.ToString());
        }

        foreach (var table in (Table[])[processes, nodes, pods])
        {
            if (table.Rows.Count > 0)
            {
                AnsiConsole.WriteLine();
                AnsiConsole.Write(table);
            }
        }
    }

    private static Table Table(params string[] columns)
    {
        var table = new Table().NoBorder();
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column).PadLeft(0).PadRight(3).NoWrap());
        }

        return table;
    }
}
