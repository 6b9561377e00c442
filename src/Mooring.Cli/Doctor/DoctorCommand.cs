using System.Text.Json;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli.Doctor;

/// <summary>Looks for the usual troubles and says what to do.</summary>
internal static class DoctorCommand
{
    private const int Troubled = 1;

    /// <returns>1 when an address is, or may be, not reachable; 0 when nothing is wrong, or what is wrong can wait.</returns>
    public static async Task<int> RunAsync(
        IKubernetesClient client, IAnsiConsole console, OutputFormat output, string @namespace, CancellationToken cancellationToken)
    {
        var troubles = Diagnosis.Of(
            await ClusterSight.ReadAsync(client, @namespace, TimeProvider.System, cancellationToken).ConfigureAwait(false));
        if (output == OutputFormat.Json)
        {
            console.WriteLine(JsonSerializer.Serialize(troubles, JsonText.Options));
        }
        else if (troubles.Count == 0)
        {
            console.WriteLine("Nothing found.");
        }

        foreach (var trouble in output == OutputFormat.Json ? [] : troubles)
        {
            console.Write(new Text(trouble.Serious ? "! " : "- ", trouble.Serious ? Color.Red : Color.Yellow));
            console.WriteLine($"{trouble.Where}: {trouble.Problem}");
            console.WriteLine($"    {trouble.Fix}");
        }

        return troubles.Any(trouble => trouble.Serious) ? Troubled : 0;
    }
}
