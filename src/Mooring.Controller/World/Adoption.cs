using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.World;

/// <summary>What the status of the VirtualIps says of the time before this controller led. Pure.</summary>
/// <param name="Holders">Claims by address; the node is empty where only the term is known.</param>
/// <param name="Owners">Who had each address accepted.</param>
/// <param name="Failures">Nodes that lost an address.</param>
/// <param name="Nodes">Nodes that could hold an address: their agents are waited for.</param>
internal sealed record Adoption(
    ImmutableDictionary<IPAddress, HolderClaim> Holders,
    ImmutableDictionary<IPAddress, NamespacedName> Owners,
    ImmutableHashSet<string> Nodes,
    FailureMemory Failures)
{
    public static Adoption From(
        IEnumerable<V1Alpha1VirtualIp> virtualIps,
        IEnumerable<string> existingNodes,
        DateTimeOffset now,
        TimeSpan failureHalfLife)
    {
        var failures = FailureMemory.Empty;
        var holders = ImmutableDictionary.CreateBuilder<IPAddress, HolderClaim>();
        var owners = ImmutableDictionary.CreateBuilder<IPAddress, NamespacedName>();
        var nodes = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var vip in virtualIps.OrderBy(vip => vip.Metadata.CreationTimestamp ?? DateTime.MaxValue))
        {
            var key = new NamespacedName(vip.Metadata.NamespaceProperty ?? "", vip.Metadata.Name ?? "");
            foreach (var text in vip.Status?.Addresses ?? [])
            {
                if (IPAddress.TryParse(text, out var address))
                {
                    owners.TryAdd(address, key);
                }
            }

            foreach (var holder in vip.Status?.Holders ?? [])
            {
                if (IPAddress.TryParse(holder.Address, out var address) && !holders.ContainsKey(address))
                {
                    var since = new DateTimeOffset(
                        DateTime.SpecifyKind(holder.Since ?? DateTime.UnixEpoch, DateTimeKind.Utc));
                    holders.Add(
                        address, new HolderClaim(holder.Node ?? "", (ulong)Math.Max(0, holder.Term ?? 0), since));
                }
            }

            if (vip.Status?.LastFailover is { From: { Length: > 0 } from, Reason: { } reason, At: { } at }
                && HolderFailures.IsFailure(reason))
            {
                var when = new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc));
                failures = failures.Add(from, reason, when < now ? when : now, failureHalfLife);
            }

            nodes.UnionWith((vip.Status?.Candidates ?? [])
                .Where(candidate => candidate.Eligible)
                .Select(candidate => candidate.Node));
        }

        nodes.UnionWith(holders.Values.Select(claim => claim.Node).Where(node => node.Length > 0));
        nodes.IntersectWith(existingNodes);
        return new Adoption(holders.ToImmutable(), owners.ToImmutable(), nodes.ToImmutable(), failures);
    }
}
