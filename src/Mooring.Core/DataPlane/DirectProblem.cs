namespace Mooring.Core.DataPlane;

/// <summary>How an agent begins the problem that says why its node cannot forward directly.</summary>
public static class DirectProblem
{
    public const string Prefix = "direct forwarding: ";
}
