namespace k8s.Models;

public static class LabelSelectorExtensions
{
    /// <summary>
    /// True when <paramref name="labels"/> meet every requirement. An empty selector matches everything; so does
    /// metav1.LabelSelector, and what null means is for the field that holds it to say.
    /// </summary>
    /// <exception cref="FormatException">An operator other than In, NotIn, Exists and DoesNotExist.</exception>
    public static bool Matches(this V1LabelSelector selector, IDictionary<string, string>? labels)
    {
        ArgumentNullException.ThrowIfNull(selector);
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>())
        {
            if (labels is null || !labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return (selector.MatchExpressions ?? []).All(requirement => Matches(requirement, labels));
    }

    private static bool Matches(V1LabelSelectorRequirement requirement, IDictionary<string, string>? labels)
    {
        string? actual = null;
        var present = labels is not null && labels.TryGetValue(requirement.Key, out actual);
        return requirement.OperatorProperty switch
        {
            "In" => present && (requirement.Values ?? []).Contains(actual!),
            "NotIn" => !present || !(requirement.Values ?? []).Contains(actual!),
            "Exists" => present,
            "DoesNotExist" => !present,
            _ => throw new FormatException(
                $"label selector operator '{requirement.OperatorProperty}' of key '{requirement.Key}' is none of "
                + "In, NotIn, Exists, DoesNotExist"),
        };
    }
}
