using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli;

/// <summary>Moves every address away from a node, make before break, and keeps them away; or allows them back.</summary>
internal static class DrainCommand
{
    private const string Annotation = "mooring.dev/drain";

    public static async Task<int> DrainAsync(
        IKubernetesClient client, IAnsiConsole console, string node, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await client.PatchAsync<V1Node>(Annotating.Patch(Annotation, "true"), node, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        var left = -1;
        var done = await Waiting.ForAsync<object>(
            async () =>
            {
                var vips = await client.ListAsync<V1Alpha1VirtualIp>(cancellationToken: cancellationToken).ConfigureAwait(false);
                var now = vips.Items.SelectMany(vip => vip.Status?.Holders ?? []).Count(holder => holder.Node == node);
                if (now != left)
                {
                    console.WriteLine(now == 0 ? $"{node} holds no address" : $"{node} still holds {now} addresses");
                    left = now;
                }

                return now == 0 ? vips : null;
            },
            timeout,
            cancellationToken).ConfigureAwait(false);
        if (done is null)
        {
            console.WriteLine($"error: not done after {timeout.TotalSeconds:0} s; it stays marked and goes on. kubectl mooring status shows what has nowhere to go");
            return 1;
        }

        return 0;
    }

    public static async Task<int> UndrainAsync(
        IKubernetesClient client, IAnsiConsole console, string node, CancellationToken cancellationToken)
    {
        await client.PatchAsync<V1Node>(Annotating.Patch(Annotation, null), node, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        console.WriteLine($"{node} may hold addresses again");
        return 0;
    }
}
