namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>A resource path taken apart, before it is known whether such a resource is served.</summary>
internal sealed record ResourcePath(string Group, string Version, string Namespace, string Resource, string Name, string Subresource)
{
    /// <summary>Takes apart <c>/api/v1/...</c> and <c>/apis/group/version/...</c>; null when it is not a resource path.</summary>
    public static ResourcePath? Parse(ReadOnlySpan<string> segments)
    {
        var prefix = segments switch
        {
            ["api", _, _, ..] => 2,
            ["apis", _, _, _, ..] => 3,
            _ => 0,
        };
        if (prefix == 0)
        {
            return null;
        }

        var (group, version) = prefix == 2 ? ("", segments[1]) : (segments[1], segments[2]);
        var rest = segments[prefix..];

        // /namespaces/NAME, its status and finalize are the namespace itself; anything else below is inside it.
        if (rest[0] == "namespaces" && rest.Length > 2 && !(group.Length == 0 && rest[2] is "status" or "finalize"))
        {
            var ns = rest[1];
            rest = rest[2..];
            return rest.Length <= 3 ? new ResourcePath(group, version, ns, rest[0], At(rest, 1), At(rest, 2)) : null;
        }

        return rest.Length <= 3 ? new ResourcePath(group, version, "", rest[0], At(rest, 1), At(rest, 2)) : null;
    }

    private static string At(ReadOnlySpan<string> segments, int index) => index < segments.Length ? segments[index] : "";
}
