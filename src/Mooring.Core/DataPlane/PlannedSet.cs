using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>What a backend set of a snapshot comes to on one node, for the addresses of one family.</summary>
/// <param name="Draining">Take no new flows, and keep their established ones of any protocol.</param>
/// <param name="Unfit">Take no new flows, and keep their established ones of TCP.</param>
/// <param name="Leaving">Those of them whose flows may go on for the drain timeout only.</param>
/// <param name="Failed">Those of <paramref name="Unfit"/> that fail their check or are not ready.</param>
internal sealed record PlannedSet(
    BackendSet Set,
    AddressFamily Family,
    ImmutableArray<ForwardedBackend> Backends,
    ImmutableArray<ForwardedBackend> Draining,
    ImmutableArray<ForwardedBackend> Unfit,
    ImmutableArray<ForwardedBackend> Leaving,
    ImmutableArray<ForwardedBackend> Failed,
    Lazy<DirectForwarding?> Direct)
{
    /// <summary>
    /// Backends of this node; all where it has none. Such a node does not hold the address, and it is its own pods that
    /// ask here.
    /// </summary>
    public Lazy<ImmutableArray<ForwardedBackend>> Local { get; } = new(() =>
        Backends.Any(backend => backend.Local) ? [.. Backends.Where(backend => backend.Local)] : Backends);

    /// <param name="set">A set of the snapshot.</param>
    /// <param name="family">Of the addresses.</param>
    /// <param name="nodeName">The node the plan is for.</param>
    /// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
    /// <param name="before">What it came to before; null for the first time.</param>
    public static PlannedSet Of(
        BackendSet set, AddressFamily family, string nodeName, Func<string, IPEndPoint, bool?> isHealthy, PlannedSet? before)
    {
        // Not the set itself, which would keep the one before it.
        var earlier = before is { Direct.IsValueCreated: true } ? before.Direct.Value : null;
        var fits = PoolPolicy.Apply(set, isHealthy);
        var backends = ImmutableArray.CreateBuilder<ForwardedBackend>(set.Backends.Length);
        var draining = ImmutableArray.CreateBuilder<ForwardedBackend>();
        var unfit = ImmutableArray.CreateBuilder<ForwardedBackend>();
        var leaving = ImmutableArray.CreateBuilder<ForwardedBackend>();
        var failed = ImmutableArray.CreateBuilder<ForwardedBackend>();
        foreach (var backend in set.Backends)
        {
            if (backend.Address.AddressFamily != family)
            {
                continue;
            }

            var forwarded = new ForwardedBackend(
                backend.Address, backend.Port, backend.Weight, Local: backend.NodeName == nodeName);
            var fit = backend.Condition != BackendCondition.NotReady && fits(set.Id, backend.EndPoint) != false;
            if (fit && backend.Condition == BackendCondition.Ready && backend.Weight > 0)
            {
                backends.Add(forwarded);
                continue;
            }

            unfit.Add(forwarded);
            if (backend.Condition == BackendCondition.Draining || backend.Weight == 0)
            {
                leaving.Add(forwarded);
            }

            (fit ? draining : failed).Add(forwarded);
        }

        backends.Sort(BackendOrder.Instance);
        draining.Sort(BackendOrder.Instance);
        unfit.Sort(BackendOrder.Instance);
        leaving.Sort(BackendOrder.Instance);
        failed.Sort(BackendOrder.Instance);
        return new PlannedSet(
            set, family, backends.ToImmutable(), draining.ToImmutable(), unfit.ToImmutable(), leaving.ToImmutable(),
            failed.ToImmutable(),
            new Lazy<DirectForwarding?>(
                () => set.SlotsOf(family) is { } slots ? DirectPlanner.Plan(slots, set, nodeName, fits, earlier) : null));
    }

    /// <summary>It was made from the same set by the same verdicts.</summary>
    public bool IsAs(PlannedSet other) =>
        ReferenceEquals(Set, other.Set) && Family == other.Family
        && Backends.AsSpan().SequenceEqual(other.Backends.AsSpan())
        && Draining.AsSpan().SequenceEqual(other.Draining.AsSpan())
        && Unfit.AsSpan().SequenceEqual(other.Unfit.AsSpan())
        && Leaving.AsSpan().SequenceEqual(other.Leaving.AsSpan());
}
