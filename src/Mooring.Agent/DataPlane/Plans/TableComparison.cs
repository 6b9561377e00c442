using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>What differs between two plans, or between the plan and the kernel.</summary>
internal static class TableComparison
{
    /// <summary>Keys of the services to send, added, changed or removed.</summary>
    public static List<string> ChangedServices(TablePlan from, TablePlan to)
    {
        var changed = new List<string>();
        foreach (var (key, plan) in to.Services)
        {
            if (!from.Services.TryGetValue(key, out var before) || !before.Equals(plan))
            {
                changed.Add(key);
            }
        }

        foreach (var key in from.Services.Keys)
        {
            if (!to.Services.ContainsKey(key))
            {
                changed.Add(key);
            }
        }

        return changed;
    }

    /// <summary>What another program changed, in words; empty when the kernel is as it should be.</summary>
    public static ImmutableArray<string> Drift(TablePlan actual, TablePlan expected)
    {
        var drift = ImmutableArray.CreateBuilder<string>();
        if (!actual.VirtualAddresses.SetEquals(expected.VirtualAddresses) || !actual.Held.SetEquals(expected.Held)
            || !actual.LocalBackends.SetEquals(expected.LocalBackends))
        {
            drift.Add("an address set was changed");
        }

        if (!actual.Peers.SetEquals(expected.Peers) || !actual.TunnelEnds.SetEquals(expected.TunnelEnds)
            || !actual.SecondHops.SetEquals(expected.SecondHops) || !actual.SecondHops6.SetEquals(expected.SecondHops6))
        {
            drift.Add("what tells other nodes was changed");
        }

        if (!expected.SlotChains.IsSubsetOf(actual.SlotChains))
        {
            drift.Add("a slot chain was flushed or removed");
        }

        // A service without endpoints has no elements, so the kernel cannot show it.
        var invisible = expected.Services.Where(pair => pair.Value.Equals(ServicePlan.None)).Select(pair => pair.Key);
        var visible = expected with { Services = expected.Services.RemoveRange(invisible) };
        drift.AddRange(ChangedServices(actual, visible).Select(key => $"service {key} was changed"));
        return drift.ToImmutable();
    }
}
