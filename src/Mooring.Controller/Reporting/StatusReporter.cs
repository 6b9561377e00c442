using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Allocation;
using Mooring.Controller.Reconciling;
using Mooring.Controller.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.Reporting;

/// <summary>
/// Has the status of every object written and its Events told. An object is looked at again only when something that its
/// status follows from is another than last time.
/// </summary>
internal sealed class StatusReporter(StatusWriter statuses, EventReporter events, ControllerMetrics metrics, TimeProvider time)
{
    private const int MaxObstacles = 10;

    private Reuse<StatusKey, Told> _told = new();

    /// <summary>Begins anew with what the caches say.</summary>
    public void Reset() => _told = new Reuse<StatusKey, Told>();

    /// <returns>True when some status is not stored as it should be, so that another look is due.</returns>
    public bool Report(BuildResult result, AgentsView view, EndpointStates states)
    {
        var now = time.GetUtcNow();

        // Stored times have whole seconds.
        var second = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        var present = new HashSet<StatusKey>();
        var told = new List<Told>(result.VirtualIps.Length + result.Pools.Length);
        foreach (var vip in result.VirtualIps)
        {
            var key = KeyOf(vip.Settings.Resource);
            present.Add(key);
            if (Tell(key, Inputs(vip, view, states), inputs => TellVirtualIp(key, vip, view, states, inputs, second)) is { } said)
            {
                told.Add(said);
            }
        }

        foreach (var pool in result.Pools)
        {
            var key = KeyOf(pool.Settings.Resource);
            present.Add(key);
            told.Add(Tell(key, Inputs(pool, states), inputs => TellPool(key, pool, states, inputs, second))!);
        }

        foreach (var pool in result.AddressPools)
        {
            var key = KeyOf(pool.Settings.Resource);
            present.Add(key);
            TellAddressPool(key, pool, second);
        }

        _told.Turn();
        statuses.Retain(present);
        events.Retain(result.Pools.Select(pool => pool.Settings.Key).ToHashSet());
        metrics.Saw(
            result, view, told.Select(one => one.Readiness).OfType<string>(), told.Sum(one => one.Ready), told.Sum(one => one.Total));
        return present.Any(key => !statuses.IsStored(key));
    }

    private Told? Tell(StatusKey key, object?[] inputs, Func<object?[], Told?> tell)
    {
        var told = _told.TryGetLast(key, out var last) && last.Inputs.AsSpan().SequenceEqual(inputs) && statuses.IsAtRest(key)
            ? last : tell(inputs);
        return told is null ? null : _told.Keep(key, told);
    }

    private static object?[] Inputs(VirtualIpEvaluation vip, AgentsView view, EndpointStates states) =>
    [
        vip,
        view.AnyApplied,
        view.Refusals,
        string.Join('\n', view.Obstacles.Of(vip.Settings.Addresses, MaxObstacles)),
        .. vip.Settings.Addresses.SelectMany(address => (object?[])
        [
            view.Holders.GetValueOrDefault(address),
            view.Failovers.GetValueOrDefault(address),
            view.Contested.GetValueOrDefault(address),
            view.Terms.GetValueOrDefault(address),
        ]),
        .. vip.Ports.Where(port => port.Set is not null).SelectMany(port => states.Sources(port.Set!.Id)),
    ];

    private static object?[] Inputs(PoolEvaluation pool, EndpointStates states) =>
        [pool, .. pool.Sets.SelectMany(set => states.Sources(set.Id))];

    private Told? TellVirtualIp(
        StatusKey key, VirtualIpEvaluation vip, AgentsView view, EndpointStates states, object?[] inputs, DateTime now)
    {
        var resource = vip.Settings.Resource;
        var before = statuses.Latest(key, resource.Metadata, resource.Status);
        if (vip.Pending && before is null)
        {
            // It has its address before anyone could read this.
            return null;
        }

        var after = VirtualIpStatusComputation.Compute(vip, view, states, before, now);
        events.Judged(resource, before?.Conditions, after.Conditions);
        statuses.Submit(key, resource.Metadata, after, resource.Status);
        return new Told(
            inputs, after.Conditions?.FirstOrDefault(one => one.Type == ConditionTypes.Ready)?.Status ?? "Unknown", 0, 0);
    }

    private Told TellPool(StatusKey key, PoolEvaluation pool, EndpointStates states, object?[] inputs, DateTime now)
    {
        var resource = pool.Settings.Resource;
        var before = statuses.Latest(key, resource.Metadata, resource.Status);
        var after = PoolStatusComputation.Compute(pool, states, before, now);
        events.Judged(resource, before?.Conditions, after.Conditions);
        events.Probed(pool, states);
        statuses.Submit(key, resource.Metadata, after, resource.Status);
        return new Told(inputs, null, after.Ready ?? 0, after.Total ?? 0);
    }

    private void TellAddressPool(StatusKey key, AddressPoolEvaluation pool, DateTime now)
    {
        var resource = pool.Settings.Resource;
        var before = statuses.Latest(key, resource.Metadata, resource.Status);
        var after = AddressPoolStatusComputation.Compute(pool, before, now);
        events.Judged(resource, before?.Conditions, after.Conditions);
        statuses.Submit(key, resource.Metadata, after, resource.Status);
    }

    private static StatusKey KeyOf<T>(T resource)
        where T : IKubernetesObject<V1ObjectMeta> => new(typeof(T), resource.GetKey());

    /// <param name="Inputs">What the status followed from.</param>
    /// <param name="Readiness">The condition Ready of a VirtualIp.</param>
    /// <param name="Ready">Endpoints of a pool that take connections.</param>
    /// <param name="Total">Endpoints of a pool.</param>
    private sealed record Told(object?[] Inputs, string? Readiness, int Ready, int Total);
}
