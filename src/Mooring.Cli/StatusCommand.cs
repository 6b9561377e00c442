using System.Text.Json;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli;

/// <summary>One line per address: its VirtualIp, holder, standbys and whether it is ready.</summary>
internal static class StatusCommand
{
    public static async Task<int> RunAsync(
        IKubernetesClient client, IAnsiConsole console, OutputFormat output, CancellationToken cancellationToken)
    {
        var vips = await client.ListAsync<V1Alpha1VirtualIp>(cancellationToken: cancellationToken).ConfigureAwait(false);
        var rows = Rows(vips.Items).ToList();
        if (output == OutputFormat.Json)
        {
            console.WriteLine(JsonSerializer.Serialize(rows, JsonText.Options));
            return 0;
        }

        if (rows.Count == 0)
        {
            console.WriteLine("No VirtualIps found.");
            return 0;
        }

        var table = new Table().Border(TableBorder.None);
        table.AddColumns("ADDRESS", "VIP", "HOLDER", "TERM", "STANDBYS", "READY", "BACKENDS");
        foreach (var row in rows)
        {
            table.AddRow(
                new Text(row.Address), new Text(row.Vip),
                new Text(row.Holder ?? "-", row.Holder is null ? Color.Red : Color.Green),
                new Text(row.Term?.ToString() ?? "-"), new Text(string.Join(",", row.Standbys)),
                new Text(row.Ready, row.Ready == "True" ? Color.Green : Color.Yellow), new Text(row.Backends ?? "-"));
        }

        console.Write(table);
        return 0;
    }

    public static IEnumerable<AddressRow> Rows(IEnumerable<V1Alpha1VirtualIp> vips)
    {
        foreach (var vip in vips)
        {
            var status = vip.Status;
            var standbys = (status?.Candidates ?? []).Where(candidate => candidate.Role == "Standby")
                .Select(candidate => candidate.Node).ToList();
            var ready = (status?.Conditions ?? []).FirstOrDefault(condition => condition.Type == "Ready")?.Status ?? "Unknown";
            var name = $"{vip.Metadata.NamespaceProperty}/{vip.Metadata.Name}";
            var holders = status?.Holders is { Count: > 0 } some
                ? some
                : [.. (vip.Spec?.Addresses ?? []).Select(address => new AddressHolder { Address = address })];
            foreach (var holder in holders)
            {
                yield return new AddressRow(
                    holder.Address, name, holder.Node, holder.Term, standbys, ready, status?.ReadyBackends);
            }
        }
    }
}
