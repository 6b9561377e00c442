using System.CommandLine;
using Mooring.Cli;
using Spectre.Console;

var kubeconfig = new Option<string?>("--kubeconfig")
{
    Description = "Path of a kubeconfig. Default: $KUBECONFIG, then ~/.kube/config",
    Recursive = true,
};
var output = new Option<OutputFormat>("--output", "-o")
{
    Description = "table or json",
    DefaultValueFactory = _ => OutputFormat.Table,
    Recursive = true,
};
var root = new RootCommand("Look at the virtual IPs of a cluster: kubectl mooring") { kubeconfig, output };

var status = new Command("status", "Who holds which address, and who stands by");
status.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => StatusCommand.RunAsync(client, AnsiConsole.Console, parsed.GetValue(output), cancellationToken)));
root.Add(status);

var virtualIp = new Argument<string>("vip") { Description = "vip/NAME, or NAME" };
var @namespace = new Option<string>("--namespace", "-n")
{
    Description = "Namespace of the VirtualIp",
    DefaultValueFactory = _ => "default",
};
var explain = new Command("explain", "Why each node does or does not hold the address, and each backend is in or out")
{
    virtualIp, @namespace,
};
explain.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => ExplainCommand.RunAsync(
        client, AnsiConsole.Console, parsed.GetValue(output),
        parsed.GetRequiredValue(@namespace), parsed.GetRequiredValue(virtualIp), cancellationToken)));
root.Add(explain);

return await root.Parse(args).InvokeAsync();
