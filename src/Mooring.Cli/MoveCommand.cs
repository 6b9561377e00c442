using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Kubernetes.Client;
using Spectre.Console;

namespace Mooring.Cli;

/// <summary>Moves the addresses of a VirtualIp to a node of choice, make before break.</summary>
internal static class MoveCommand
{
    public const string Annotation = "mooring.dev/move-to";

    public static async Task<int> RunAsync(
        IKubernetesClient client, IAnsiConsole console, string @namespace, string target, string node, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var name = VirtualIpName.Of(target);
        if (await client.GetAsync<V1Alpha1VirtualIp>(name, @namespace, cancellationToken).ConfigureAwait(false) is not { } vip)
        {
            console.WriteLine($"error: there is no VirtualIp {name} in namespace {@namespace}");
            return 1;
        }

        var candidate = (vip.Status?.Candidates ?? []).FirstOrDefault(one => one.Node == node);
        if (candidate is not { Eligible: true })
        {
            console.WriteLine($"error: {node} may not hold it: {candidate?.Message ?? candidate?.Reason ?? "there is no such node"}");
            return 1;
        }

        if (await ToAsync(client, name, @namespace, node, timeout, cancellationToken).ConfigureAwait(false) is { } moved)
        {
            console.WriteLine($"{name} is held by {node}{Took(moved.Status?.LastFailover)}");
            return 0;
        }

        console.WriteLine($"error: {node} does not hold it after {timeout.TotalSeconds:0} s; kubectl mooring explain vip/{name} -n {@namespace}");
        return 1;
    }

    /// <returns>The VirtualIp once the node holds all its addresses; null when it does not within the time.</returns>
    public static async Task<V1Alpha1VirtualIp?> ToAsync(
        IKubernetesClient client, string name, string @namespace, string node, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await AnnotateAsync(client, name, @namespace, node, cancellationToken).ConfigureAwait(false);
        try
        {
            return await Waiting.ForAsync(
                async () =>
                {
                    var vip = await client.GetAsync<V1Alpha1VirtualIp>(name, @namespace, cancellationToken).ConfigureAwait(false);
                    return vip?.Status?.Holders is { Count: > 0 } holders && holders.All(holder => holder.Node == node) ? vip : null;
                },
                timeout,
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Where it is now it stays; the wish must not outlive the command, also one that was interrupted.
            await AnnotateAsync(client, name, @namespace, null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static string Took(LastFailover? move) =>
        move is { Reason: "Planned", TakeoverMillis: { } took } ? $" ({took} ms to the first announcement)" : "";

    private static Task<V1Alpha1VirtualIp> AnnotateAsync(
        IKubernetesClient client, string name, string @namespace, string? node, CancellationToken cancellationToken) =>
        client.PatchAsync<V1Alpha1VirtualIp>(
            Annotating.Patch(Annotation, node), name, @namespace, cancellationToken: cancellationToken);
}
