namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Result of one check.</summary>
/// <param name="Reason">Why it failed, in the words of the failure; empty on success.</param>
/// <param name="Warning">What a person should look at although the check passed; empty for nothing.</param>
internal readonly record struct ProbeOutcome(bool Success, string Reason, string Warning = "")
{
    /// <summary>Reasons carry what servers say: they are cut at this length.</summary>
    private const int MaxReasonLength = 240;

    public static ProbeOutcome Passed => new(true, "");

    public static ProbeOutcome PassedWith(string? warning) => new(true, "", warning ?? "");

    /// <summary>What a server said may have any characters; logs and status get printable ones.</summary>
    public static ProbeOutcome Failed(string reason)
    {
        var text = reason.Length <= MaxReasonLength ? reason : string.Concat(reason.AsSpan(0, MaxReasonLength), "…");
        return new(false, text.Any(IsUnprintable) ? string.Concat(text.Select(c => IsUnprintable(c) ? '?' : c)) : text);
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
