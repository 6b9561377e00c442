namespace Mooring.Core.Health;

/// <summary>Which backends of a pool get new flows.</summary>
public enum PoolMode
{
    /// <summary>The healthy ones that are no backups.</summary>
    Normal,

    /// <summary>The healthy ones, backups too.</summary>
    Backups,

    /// <summary>All that Kubernetes calls ready: so few are healthy that the checks are not believed.</summary>
    FailOpen,
}
