namespace Mooring.Agent.DataPlane.Plans;

/// <summary>What may differ between the kernel and a plan, so that not all of ten thousand services is compared.</summary>
internal sealed class PlanChanges
{
    /// <summary>Keys of services.</summary>
    public HashSet<string> Services { get; } = new(StringComparer.Ordinal);

    public HashSet<string> VirtualAddresses { get; } = new(StringComparer.Ordinal);

    public HashSet<string> LocalBackends { get; } = new(StringComparer.Ordinal);

    public void Add(PlanChanges other)
    {
        Services.UnionWith(other.Services);
        VirtualAddresses.UnionWith(other.VirtualAddresses);
        LocalBackends.UnionWith(other.LocalBackends);
    }

    public void Clear()
    {
        Services.Clear();
        VirtualAddresses.Clear();
        LocalBackends.Clear();
    }
}
