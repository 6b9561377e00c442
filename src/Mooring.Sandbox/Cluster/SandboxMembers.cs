using System.Text.RegularExpressions;

namespace Mooring.Sandbox.Cluster;

/// <summary>Names in a sandbox.</summary>
internal static partial class SandboxMembers
{
    /// <exception cref="ArgumentException">It is no name for a pod.</exception>
    public static void EnsurePodName(string pod)
    {
        if (!PodName().IsMatch(pod))
        {
            throw new ArgumentException(
                $"'{pod}' cannot name a pod: use up to 40 lower-case letters, digits and hyphens, beginning with a letter",
                nameof(pod));
        }
    }

    [GeneratedRegex(@"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex PodName();
}
