namespace Mooring.Sandbox.Kubelets;

/// <summary>Whether the control plane hears a node, as the node lifecycle controller sees it.</summary>
internal sealed class NodeHealth
{
    /// <summary>How long a node may be silent before it counts as gone; the default of kube-controller-manager.</summary>
    public static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(40);

    /// <summary>Timestamp since when the node is cut off, or null.</summary>
    public long? CutSince { get; set; }

    /// <summary>Its Node is deleted.</summary>
    public bool Removed { get; set; }

    public bool Reachable { get; set; } = true;

    public DateTimeOffset ReachableSince { get; set; }
}
