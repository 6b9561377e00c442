using System.Text.RegularExpressions;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>Kubernetes' order of version names: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else by name.</summary>
internal sealed partial class VersionOrder : IComparer<string>
{
    public static readonly VersionOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (left, right) = (Rank(x ?? ""), Rank(y ?? ""));
        var order = right.CompareTo(left);
        return order != 0 ? order : string.CompareOrdinal(x, y);
    }

    private static (int Stability, int Major, int Minor) Rank(string version)
    {
        var match = Pattern().Match(version);
        if (!match.Success)
        {
            return (0, 0, 0);
        }

        var stability = match.Groups["stage"].Value switch { "" => 3, "beta" => 2, _ => 1 };
        return (stability, int.Parse(match.Groups["major"].Value), match.Groups["minor"].Value is { Length: > 0 } minor ? int.Parse(minor) : 0);
    }

    [GeneratedRegex(@"^v(?<major>\d{1,6})((?<stage>alpha|beta)(?<minor>\d{1,6}))?$")]
    private static partial Regex Pattern();
}
