using System.CommandLine;
using Mooring.Cli;
using Mooring.Cli.Doctor;
using Mooring.Cli.Drill;
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

var system = new Option<string>("--system-namespace")
{
    Description = "Namespace that Mooring is installed in",
    DefaultValueFactory = _ => "mooring-system",
};
var doctor = new Command("doctor", "Look for the usual troubles, and say what to do; status 1 when addresses may not be reachable") { system };
doctor.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => DoctorCommand.RunAsync(
        client, AnsiConsole.Console, parsed.GetValue(output), parsed.GetRequiredValue(system), cancellationToken)));
root.Add(doctor);

var node = new Argument<string>("node") { Description = "Name of the node" };
var timeout = new Option<int>("--timeout")
{
    Description = "Seconds to wait for the addresses to move",
    DefaultValueFactory = _ => 120,
};
var drain = new Command("drain", "Move all addresses away from a node, make before break, and keep them away") { node, timeout };
drain.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => DrainCommand.DrainAsync(
        client, AnsiConsole.Console, parsed.GetRequiredValue(node), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellationToken)));
root.Add(drain);

var undrain = new Command("undrain", "Let a node hold addresses again") { node };
undrain.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => DrainCommand.UndrainAsync(client, AnsiConsole.Console, parsed.GetRequiredValue(node), cancellationToken)));
root.Add(undrain);

var move = new Command("move", "Move the addresses of a VirtualIp to a node, make before break") { virtualIp, node, @namespace, timeout };
move.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => MoveCommand.RunAsync(
        client, AnsiConsole.Console, parsed.GetRequiredValue(@namespace), parsed.GetRequiredValue(virtualIp),
        parsed.GetRequiredValue(node), TimeSpan.FromSeconds(parsed.GetValue(timeout)), cancellationToken)));
root.Add(move);

var kill = new Option<bool>("--kill")
{
    Description = "Kill the agent of the holder, rather than ask it to hand over: what a crash costs",
};
var drill = new Command("drill", "Rehearse a failover and measure the outage from here")
{
    virtualIp, kill, @namespace, system, timeout,
};
drill.SetAction((parsed, cancellationToken) => ClusterCommand.RunAsync(
    parsed.GetValue(kubeconfig),
    client => DrillCommand.RunAsync(
        client,
        AnsiConsole.Console,
        parsed.GetValue(output),
        new DrillRequest(
            parsed.GetRequiredValue(@namespace), VirtualIpName.Of(parsed.GetRequiredValue(virtualIp)), parsed.GetValue(kill),
            parsed.GetRequiredValue(system), TimeSpan.FromSeconds(parsed.GetValue(timeout))),
        cancellationToken)));
root.Add(drill);

return await root.Parse(args).InvokeAsync();
