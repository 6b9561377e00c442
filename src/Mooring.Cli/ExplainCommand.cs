using System.Text.Json;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli;

/// <summary>Each node of one VirtualIp: holder, standby or why not; each backend: in, or why out.</summary>
internal static class ExplainCommand
{
    private const int NotFound = 1;

    public static async Task<int> RunAsync(
        IKubernetesClient client, IAnsiConsole console, OutputFormat output, string @namespace, string target,
        CancellationToken cancellationToken)
    {
        var name = VirtualIpName.Of(target);
        if (await client.GetAsync<V1Alpha1VirtualIp>(name, @namespace, cancellationToken).ConfigureAwait(false) is not { } vip)
        {
            console.WriteLine($"error: there is no VirtualIp {name} in namespace {@namespace}");
            return NotFound;
        }

        var pools = new List<V1Alpha1BackendPool>();
        foreach (var pool in (vip.Spec?.Ports ?? []).Select(port => port.BackendPool).Distinct(StringComparer.Ordinal))
        {
            if (await client.GetAsync<V1Alpha1BackendPool>(pool, @namespace, cancellationToken).ConfigureAwait(false) is { } found)
            {
                pools.Add(found);
            }
        }

        if (output == OutputFormat.Json)
        {
            console.WriteLine(JsonSerializer.Serialize(
                new { VirtualIp = vip.Status, Pools = pools.ToDictionary(pool => pool.Metadata.Name!, pool => pool.Status) },
                JsonText.Options));
            return 0;
        }

        Print(console, vip);
        foreach (var pool in pools)
        {
            Print(console, pool);
        }

        return 0;
    }

    private static void Print(IAnsiConsole console, V1Alpha1VirtualIp vip)
    {
        var status = vip.Status;
        console.WriteLine($"VirtualIp {vip.Metadata.NamespaceProperty}/{vip.Metadata.Name}");
        foreach (var condition in status?.Conditions ?? [])
        {
            console.WriteLine($"  {condition.Type}={condition.Status} ({condition.Reason}) {condition.Message}");
        }

        var nodes = new Table().Border(TableBorder.None);
        nodes.AddColumns("  NODE", "ROLE", "WHY");
        foreach (var candidate in status?.Candidates ?? [])
        {
            nodes.AddRow(
                new Text($"  {candidate.Node}"),
                new Text(candidate.Role, candidate.Role == "Holder" ? Color.Green : candidate.Eligible ? Color.Default : Color.Yellow),
                new Text(candidate.Message ?? candidate.Reason ?? ""));
        }

        console.Write(nodes);
    }

    private static void Print(IAnsiConsole console, V1Alpha1BackendPool pool)
    {
        console.WriteLine($"BackendPool {pool.Metadata.Name}: {pool.Status?.Ready ?? 0} of {pool.Status?.Total ?? 0} ready");
        var backends = new Table().Border(TableBorder.None);
        backends.AddColumns("  BACKEND", "TARGET", "STATE", "WHY");
        foreach (var endpoint in pool.Status?.Endpoints ?? [])
        {
            backends.AddRow(
                new Text($"  {endpoint.Address}:{endpoint.Port}"), new Text(endpoint.Target ?? ""),
                new Text(endpoint.State, endpoint.State == "Ready" ? Color.Green : Color.Yellow),
                new Text(endpoint.Reason ?? ""));
        }

        console.Write(backends);
    }
}
