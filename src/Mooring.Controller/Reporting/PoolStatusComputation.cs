using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Reporting;

/// <summary>The status of a BackendPool. Pure.</summary>
internal static class PoolStatusComputation
{
    /// <summary>Longest list of endpoints in a status.</summary>
    public const int MaxEndpoints = 100;

    public static BackendPoolStatus Compute(
        PoolEvaluation pool, EndpointStates states, BackendPoolStatus? previous, DateTime now)
    {
        var generation = pool.Settings.Resource.Metadata.Generation;
        var conditions = new Conditions(previous?.Conditions, generation, now);
        var endpoints = Endpoints(pool, states);
        var ready = endpoints.Count(endpoint => endpoint.State == EndpointState.Ready && endpoint.Backend.Weight > 0);
        var total = endpoints.Count(endpoint => endpoint.State != EndpointState.Draining);
        var accepted = pool.Settings.Findings.IsEmpty;

        conditions.Set(
            ConditionTypes.Accepted,
            accepted,
            accepted ? Reasons.Accepted : pool.Settings.Findings[0].Reason,
            accepted ? "the spec is valid" : string.Join("; ", pool.Settings.Findings));
        SetReady(conditions, pool, ready, total);
        return new BackendPoolStatus
        {
            Ready = ready,
            Total = total,
            Endpoints =
            [
                .. endpoints
                    .OrderBy(endpoint => endpoint.State == EndpointState.Ready ? 1 : 0)
                    .Take(MaxEndpoints)
                    .Select(endpoint => new EndpointStatus
                    {
                        Address = endpoint.Backend.Address.ToString(),
                        Port = endpoint.Backend.Port,
                        Target = endpoint.Backend.DisplayName,
                        Node = endpoint.Backend.NodeName,
                        State = endpoint.State.ToString(),
                        Reason = endpoint.Reason,
                    }),
            ],
            OmittedEndpoints = endpoints.Count > MaxEndpoints ? endpoints.Count - MaxEndpoints : null,
            ObservedGeneration = generation,
            Conditions = conditions.All,
        };
    }

    /// <summary>Every endpoint once, by address and port, with its state.</summary>
    public static List<(Backend Backend, EndpointState State, string? Reason)> Endpoints(
        PoolEvaluation pool, EndpointStates states) =>
    [
        .. pool.Sets
            .SelectMany(set => set.Backends.Select(backend => (SetId: set.Id, Backend: backend)))
            .Concat(pool.Unused.Select(backend => (SetId: "", Backend: backend)))
            .DistinctBy(endpoint => (endpoint.Backend.Address, endpoint.Backend.Port))
            .Select(endpoint =>
            {
                var (state, reason) = states.Of(endpoint.SetId, endpoint.Backend);
                return (endpoint.Backend, state, reason);
            }),
    ];

    private static void SetReady(Conditions conditions, PoolEvaluation pool, int ready, int total)
    {
        if (conditions.FirstFalse() is { } bad)
        {
            conditions.Set(ConditionTypes.Ready, false, bad.Reason!, bad.Message!);
        }
        else if (total == 0 && pool.EndpointFinding is { } finding)
        {
            conditions.Set(ConditionTypes.Ready, false, finding.Reason, finding.ToString());
        }
        else
        {
            conditions.Set(
                ConditionTypes.Ready,
                ready > 0,
                ready > 0 ? Reasons.EndpointsReady : Reasons.NoReadyEndpoints,
                $"{ready} of {total} endpoints take new connections");
        }
    }
}
