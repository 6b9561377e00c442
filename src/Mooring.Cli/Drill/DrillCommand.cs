using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli.Drill;

/// <summary>
/// A rehearsed failover: while this machine connects to the address every 10 ms, it is taken from its holder, by a planned move
/// or by killing the holder's agent. Tells what was lost.
/// </summary>
internal static class DrillCommand
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(
        IKubernetesClient client, IAnsiConsole console, OutputFormat output, DrillRequest request, CancellationToken cancellationToken)
    {
        var vip = await client.GetAsync<V1Alpha1VirtualIp>(request.Name, request.Namespace, cancellationToken).ConfigureAwait(false);
        var holder = vip?.Status?.Holders?.FirstOrDefault();
        var next = (vip?.Status?.Candidates ?? []).FirstOrDefault(candidate => candidate is { Role: "Standby", Eligible: true });
        var port = vip?.Spec.Ports.FirstOrDefault(one => one.Protocol == "TCP");
        if (vip is null || holder?.Node is null || next is null || port is null)
        {
            console.WriteLine($"error: a drill of {request.Namespace}/{request.Name} needs a VirtualIp with a holder, a standby and a TCP port");
            return 1;
        }

        var target = new IPEndPoint(IPAddress.Parse(holder.Address), port.Port);
        var meter = new OutageMeter(target, TimeProvider.System);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var measuring = meter.RunAsync(ending.Token);
        await Task.Delay(Margin, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        if (meter.Attempts == meter.Failures)
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await measuring.ConfigureAwait(false);
            console.WriteLine($"error: {target} cannot be reached from here, so nothing can be measured; nothing was changed");
            return 1;
        }

        var moved = await TakeAsync(client, request, holder.Node, next.Node, cancellationToken).ConfigureAwait(false);
        await Task.Delay(Margin, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await measuring.ConfigureAwait(false);
        var report = new DrillReport(
            target.ToString(), holder.Node, moved?.Status?.Holder, moved?.Status?.LastFailover?.Reason,
            Math.Round(meter.LongestOutage.TotalMilliseconds, 1), meter.Attempts, meter.Failures, moved?.Status?.LastFailover?.DetectMillis,
            moved?.Status?.LastFailover?.TakeoverMillis);
        Print(console, output, report);
        return moved is null ? 1 : 0;
    }

    private static async Task<V1Alpha1VirtualIp?> TakeAsync(
        IKubernetesClient client, DrillRequest request, string holder, string next, CancellationToken cancellationToken)
    {
        if (!request.Kill)
        {
            return await MoveCommand.ToAsync(client, request.Name, request.Namespace, next, request.Timeout, cancellationToken)
                .ConfigureAwait(false);
        }

        var pods = await client.ListAsync<V1Pod>(
            request.AgentNamespace,
            new ListOptions { LabelSelector = "app.kubernetes.io/component=agent", FieldSelector = $"spec.nodeName={holder}" },
            cancellationToken).ConfigureAwait(false);
        foreach (var pod in pods.Items)
        {
            await client.DeleteAsync<V1Pod>(
                pod.Metadata.Name!, pod.Metadata.NamespaceProperty, new DeleteOptions { GracePeriodSeconds = 0 }, cancellationToken)
                .ConfigureAwait(false);
        }

        return await Waiting.ForAsync(
            async () =>
            {
                var vip = await client.GetAsync<V1Alpha1VirtualIp>(request.Name, request.Namespace, cancellationToken).ConfigureAwait(false);
                return vip?.Status?.Holder is { } now && now != holder ? vip : null;
            },
            request.Timeout,
            cancellationToken).ConfigureAwait(false);
    }

    private static void Print(IAnsiConsole console, OutputFormat output, DrillReport report)
    {
        if (output == OutputFormat.Json)
        {
            console.WriteLine(JsonSerializer.Serialize(report, JsonText.Options));
            return;
        }

        console.WriteLine(report.To is null
            ? $"error: {report.Target} was still with {report.From} at the end"
            : $"{report.Target} went from {report.From} to {report.To} ({report.Reason})");
        console.WriteLine($"longest outage seen from here: {report.OutageMillis:0} ms; {report.Failures} of {report.Attempts} connections failed");
    }
}
