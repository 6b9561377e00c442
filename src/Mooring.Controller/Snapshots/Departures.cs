using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Controller.Agents;
using Mooring.Controller.Resolution;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Endpoints that left their pool alive, such as a pod whose labels were changed or a fixed endpoint that was taken off the list:
/// they stay as draining for the pool's drain timeout, so that their connections can end. Pure.
/// </summary>
internal static class Departures
{
    /// <returns>The snapshot with those that stay, and until when on the clock of the world.</returns>
    public static (ClusterSnapshot Snapshot, ImmutableDictionary<EndpointKey, TimeSpan> Until) Keep(
        ClusterSnapshot snapshot, ClusterWorld world)
    {
        var until = ImmutableDictionary.CreateBuilder<EndpointKey, TimeSpan>();
        if (world.Published is not { } published)
        {
            return (snapshot, until.ToImmutable());
        }

        var before = published.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal);
        var pods = new Lazy<Dictionary<(string?, string?), V1Pod>>(() => world.Pods.ToDictionary(
            pod => (pod.Metadata.NamespaceProperty, pod.Metadata.Name)));
        var sets = snapshot.BackendSets.Select(set =>
            before.TryGetValue(set.Id, out var old) && old.Backends != set.Backends ? Keep(set, old, world, pods, until) : set);
        return (snapshot with { BackendSets = [.. sets] }, until.ToImmutable());
    }

    private static BackendSet Keep(
        BackendSet set,
        BackendSet before,
        ClusterWorld world,
        Lazy<Dictionary<(string?, string?), V1Pod>> pods,
        ImmutableDictionary<EndpointKey, TimeSpan>.Builder until)
    {
        var now = set.Backends.Select(backend => backend.EndPoint).ToHashSet();
        var kept = new List<Backend>();
        foreach (var backend in before.Backends.Where(backend => !now.Contains(backend.EndPoint)))
        {
            var key = new EndpointKey(set.Id, backend.Address, backend.Port);
            if (!world.Departures.TryGetValue(key, out var end))
            {
                // One that drained before it left has had its time.
                if (backend.Condition != BackendCondition.Ready || !IsAlive(backend, set.Pool.Namespace, pods.Value))
                {
                    continue;
                }

                end = world.Clock + set.DrainTimeout;
            }

            if (end > world.Clock)
            {
                until[key] = end;
                kept.Add(backend with { Condition = BackendCondition.Draining });
            }
        }

        return kept.Count == 0
            ? set
            : set with
            {
                Backends =
                [
                    .. set.Backends.Concat(kept).OrderBy(backend => backend.Address, AddressOrder.Instance).ThenBy(backend => backend.Port),
                ],
            };
    }

    /// <summary>What is no pod is not known to be dead.</summary>
    private static bool IsAlive(Backend backend, string @namespace, Dictionary<(string?, string?), V1Pod> pods)
    {
        const string Prefix = "pod/";
        return !backend.DisplayName.StartsWith(Prefix, StringComparison.Ordinal)
            || (pods.TryGetValue((@namespace, backend.DisplayName[Prefix.Length..]), out var pod)
                && pod.Status?.Phase is not ("Succeeded" or "Failed")
                && (pod.Status?.PodIPs ?? []).Select(ip => ip.Ip).Append(pod.Status?.PodIP)
                    .Any(ip => IPAddress.TryParse(ip, out var address) && address.Equals(backend.Address)));
    }
}
