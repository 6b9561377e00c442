using k8s.Models;
using Mooring.Controller.Agents;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Reporting;

/// <summary>The conditions of one VirtualIp. Pure.</summary>
internal sealed class VirtualIpConditions(
    VirtualIpEvaluation vip, AgentsView agents, EndpointStates states, Conditions conditions)
{
    private const int MaxListed = 10;

    public IList<V1Condition> Compute()
    {
        conditions.Set(
            ConditionTypes.Accepted,
            vip.Pending ? null : vip.Accepted,
            vip.Accepted ? Reasons.Accepted : vip.Findings[0].Reason,
            vip.Accepted ? "the spec is valid and conflicts with no other" : string.Join("; ", vip.Findings));
        if (vip.Accepted)
        {
            SetBackendsReady();
            SetHeld();
            SetUncontested();
            SetProgrammed();
        }
        else
        {
            const string Why = "nothing of the VirtualIp is programmed until it is accepted";
            conditions.Set(ConditionTypes.BackendsReady, null, Reasons.NotAccepted, Why);
            conditions.Set(ConditionTypes.Held, false, Reasons.NotAccepted, Why);
            conditions.Set(ConditionTypes.Uncontested, null, Reasons.NotAccepted, Why);
            conditions.Set(ConditionTypes.Programmed, false, Reasons.NotAccepted, Why);
        }

        var bad = conditions.FirstFalse();
        conditions.Set(
            ConditionTypes.Ready, bad is null, bad?.Reason ?? Reasons.Ready, bad?.Message ?? ReadyMessage());
        SetUnobstructed();
        return conditions.All;
    }

    /// <summary>After Ready: what is in the way on one node need not be on the one that answers.</summary>
    private void SetUnobstructed()
    {
        var problems = agents.Obstacles.Of(vip.Settings.Addresses, MaxListed);
        conditions.Set(
            ConditionTypes.Unobstructed,
            problems.Length == 0,
            problems.Length == 0 ? Reasons.NothingInTheWay : Reasons.NodeProblem,
            problems.Length == 0 ? "no agent finds anything on its node that stands in the way" : string.Join("; ", problems));
    }

    /// <summary>Endpoints that take new connections, and all that are not leaving; each counted once.</summary>
    public (int Ready, int Total) Count()
    {
        var endpoints = vip.Ports
            .Where(port => port.Set is not null)
            .SelectMany(port => port.Set!.Backends.Select(backend => (port.Set.Id, Backend: backend)))
            .DistinctBy(endpoint => (endpoint.Backend.Address, endpoint.Backend.Port))
            .Select(endpoint => (endpoint.Backend, states.Of(endpoint.Id, endpoint.Backend).State))
            .ToArray();
        return (
            endpoints.Count(endpoint => endpoint.State == EndpointState.Ready && endpoint.Backend.Weight > 0),
            endpoints.Count(endpoint => endpoint.State != EndpointState.Draining));
    }

    private void SetBackendsReady()
    {
        if (vip.Ports.Select(port => port.Finding).FirstOrDefault(finding => finding is not null) is { } finding)
        {
            var all = vip.Ports.Select(port => port.Finding).OfType<Finding>().Distinct();
            conditions.Set(ConditionTypes.BackendsReady, false, finding.Reason, string.Join("; ", all));
            return;
        }

        var starved = vip.Ports.Where(port => !port.Set!.Backends.Any(backend => TakesConnections(port.Set.Id, backend)));
        if (starved.FirstOrDefault() is { } port)
        {
            conditions.Set(
                ConditionTypes.BackendsReady,
                false,
                Reasons.NoReadyEndpoints,
                $"{port.Settings.Field}: none of the {port.Set!.Backends.Length} endpoints of BackendPool "
                + $"'{port.Settings.Pool.Name}' takes new connections; {FirstReason(port)}");
            return;
        }

        var (ready, total) = Count();
        conditions.Set(
            ConditionTypes.BackendsReady,
            true,
            Reasons.EndpointsReady,
            $"{ready} of {total} endpoints take new connections");
    }

    private void SetHeld()
    {
        if (!vip.Published)
        {
            conditions.Set(
                ConditionTypes.Held,
                false,
                Reasons.NotHeld,
                "no port can be served, so no node answers for the addresses");
            return;
        }

        foreach (var placement in vip.Placements)
        {
            if (agents.Holders.ContainsKey(placement.Address))
            {
                continue;
            }

            if (placement.Holder is { } intended)
            {
                conditions.Set(
                    ConditionTypes.Held,
                    false,
                    Reasons.NotHeld,
                    $"{intended} is to answer for {placement.Address} and has not said that it does");
            }
            else
            {
                conditions.Set(
                    ConditionTypes.Held,
                    false,
                    Reasons.NoEligibleNode,
                    $"no node may hold {placement.Address}: {Rejections(placement)}");
            }

            return;
        }

        conditions.Set(ConditionTypes.Held, true, Reasons.Held, HolderText());
    }

    private void SetUncontested()
    {
        var contested = vip.Settings.Addresses
            .Select(address => agents.Contested.GetValueOrDefault(address))
            .OfType<ReportedConflict>()
            .ToArray();
        if (contested.FirstOrDefault() is not { } first)
        {
            conditions.Set(
                ConditionTypes.Uncontested, true, Reasons.NoOtherClaim, "no other machine claims any of the addresses");
            return;
        }

        conditions.Set(
            ConditionTypes.Uncontested,
            false,
            first.Owner is null ? Reasons.ForeignHost : Reasons.ClaimedByOtherNode,
            string.Join("; ", contested.Select(conflict => conflict.Describe())));
    }

    private void SetProgrammed()
    {
        var key = vip.Settings.Key.ToString();
        var sets = vip.Ports.Select(port => port.Set?.Id).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var refusals = agents.Refusals
            .OrderBy(node => node.Key, StringComparer.Ordinal)
            .SelectMany(node => node.Value.Select(refusal => (Node: node.Key, Refusal: refusal)))
            .Where(entry => entry.Refusal.ConcernsAll || entry.Refusal.Object == key || sets.Contains(entry.Refusal.Object))
            .Take(MaxListed)
            .Select(entry => entry.Refusal.Field.Length == 0 || entry.Refusal.ConcernsAll
                ? $"{entry.Node}: {entry.Refusal.Message}"
                : $"{entry.Node}: {entry.Refusal.Field}: {entry.Refusal.Message}")
            .ToArray();
        if (refusals.Length > 0)
        {
            conditions.Set(ConditionTypes.Programmed, false, Reasons.RefusedByAgent, string.Join("; ", refusals));
        }
        else if (!agents.AnyApplied)
        {
            conditions.Set(ConditionTypes.Programmed, null, Reasons.NoAgentAnswered, "no agent has answered yet");
        }
        else
        {
            conditions.Set(ConditionTypes.Programmed, true, Reasons.Programmed, "no agent has refused any of it");
        }
    }

    private string ReadyMessage()
    {
        var (ready, total) = Count();
        return $"{HolderText()}; {ready} of {total} endpoints take new connections";
    }

    private string HolderText() => string.Join(
        ", ",
        vip.Settings.Addresses.Select(address => $"{agents.Holders[address].Node} answers for {address}"));

    private bool TakesConnections(string setId, Backend backend) =>
        backend.Weight > 0 && states.Of(setId, backend).State == EndpointState.Ready;

    private string FirstReason(PortEvaluation port)
    {
        var backend = port.Set!.Backends.FirstOrDefault();
        return backend is null
            ? "there are none"
            : $"{backend.DisplayName}: {states.Of(port.Set.Id, backend).Reason ?? "its weight is 0"}";
    }

    private static string Rejections(AddressPlacement placement)
    {
        if (placement.Rejected.IsEmpty)
        {
            return "there is no node";
        }

        var more = placement.Rejected.Length > MaxListed ? $"; and {placement.Rejected.Length - MaxListed} more" : "";
        return string.Join("; ", placement.Rejected.Take(MaxListed).Select(node => $"{node.Node}: {node.Message}")) + more;
    }
}
