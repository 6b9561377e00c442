namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>What becomes of the objects that a deleted one owns.</summary>
internal enum PropagationPolicy
{
    Background,
    Foreground,
    Orphan,
}
