using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Core.Health;
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
        var before = (previous?.Endpoints ?? [])
            .DistinctBy(endpoint => (endpoint.Address, endpoint.Port))
            .ToDictionary(endpoint => (endpoint.Address, endpoint.Port));
        var ready = endpoints.Count(endpoint => endpoint.Judgement.State == EndpointState.Ready && endpoint.Backend.Weight > 0);
        var total = endpoints.Count(endpoint => endpoint.Judgement.State != EndpointState.Draining);
        var accepted = pool.Settings.Findings.IsEmpty;

        conditions.Set(
            ConditionTypes.Accepted,
            accepted,
            accepted ? Reasons.Accepted : pool.Settings.Findings[0].Reason,
            accepted ? "the spec is valid" : string.Join("; ", pool.Settings.Findings));
        SetEnoughHealthy(conditions, pool, endpoints);
        SetReady(conditions, pool, ready, total);
        return new BackendPoolStatus
        {
            Ready = ready,
            Total = total,
            Endpoints =
            [
                .. endpoints
                    .OrderBy(endpoint => endpoint.Judgement is { State: EndpointState.Ready, Reason: null, Warning: null } ? 1 : 0)
                    .Take(MaxEndpoints)
                    .Select(endpoint => Describe(endpoint.Backend, endpoint.Judgement, before, now)),
            ],
            OmittedEndpoints = endpoints.Count > MaxEndpoints ? endpoints.Count - MaxEndpoints : null,
            ObservedGeneration = generation,
            Conditions = conditions.All,
        };
    }

    /// <summary>Every endpoint once, by address and port, with its state.</summary>
    public static List<(Backend Backend, EndpointJudgement Judgement)> Endpoints(
        PoolEvaluation pool, EndpointStates states) =>
    [
        .. pool.Sets
            .SelectMany(set => set.Backends.Select(backend => (SetId: set.Id, Backend: backend)))
            .Concat(pool.Unused.Select(backend => (SetId: "", Backend: backend)))
            .DistinctBy(endpoint => (endpoint.Backend.Address, endpoint.Backend.Port))
            .Select(endpoint => (endpoint.Backend, Remark(pool, endpoint.Backend, states.Of(endpoint.SetId, endpoint.Backend)))),
    ];

    /// <summary>What Kubernetes says of the endpoint is its reason, unless a check has a worse one.</summary>
    private static EndpointJudgement Remark(PoolEvaluation pool, Backend backend, EndpointJudgement judgement) =>
        judgement.State != EndpointState.Unhealthy && pool.Remarks.TryGetValue(backend.EndPoint, out var remark)
            ? judgement with { Reason = remark }
            : judgement;

    private static EndpointStatus Describe(
        Backend backend,
        EndpointJudgement judgement,
        Dictionary<(string, int), EndpointStatus> before,
        DateTime now)
    {
        var address = backend.Address.ToString();
        var state = judgement.State.ToString();
        var old = before.GetValueOrDefault((address, backend.Port));
        return new EndpointStatus
        {
            Address = address,
            Port = backend.Port,
            Target = backend.DisplayName,
            Node = backend.NodeName,
            State = state,
            Since = old?.State == state && old.Since is not null ? old.Since : Whole(judgement.Since) ?? now,
            Reason = judgement.Reason,
            Warning = judgement.Warning,
        };
    }

    /// <summary>Stored times have whole seconds.</summary>
    private static DateTime? Whole(DateTimeOffset? time) => time is { } at
        ? new DateTime(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc)
        : null;

    private static void SetEnoughHealthy(
        Conditions conditions, PoolEvaluation pool, List<(Backend Backend, EndpointJudgement Judgement)> endpoints)
    {
        var minimum = pool.Settings.MinHealthyPercent;
        if (minimum == 0)
        {
            return;
        }

        var states = endpoints
            .Where(endpoint => endpoint.Backend.Weight > 0)
            .Select(endpoint => (endpoint.Backend.Backup, endpoint.Judgement.State))
            .Where(endpoint => endpoint.State is EndpointState.Ready or EndpointState.Unhealthy)
            .ToLookup(endpoint => endpoint.Backup, endpoint => endpoint.State == EndpointState.Ready);
        var (healthy, all) = (states[false].Count(ready => ready), states[false].Count());
        var open = PoolPolicy.ModeOf(minimum, healthy, all, states[true].Count(ready => ready)) == PoolMode.FailOpen && all > 0;
        conditions.Set(
            ConditionTypes.EnoughHealthy,
            !open,
            open ? Reasons.FailOpen : Reasons.EnoughHealthy,
            open
                ? $"{healthy} of {all} endpoints are healthy, less than minHealthyPercent ({minimum}): the checks are not "
                    + "believed and all of them get new connections"
                : $"{healthy} of {all} endpoints are healthy; minHealthyPercent is {minimum}");
    }

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
