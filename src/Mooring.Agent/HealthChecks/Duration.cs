namespace Mooring.Agent.HealthChecks;

/// <summary>Durations as users write them: "500ms", "2s".</summary>
internal static class Duration
{
    public static string Format(TimeSpan value) => value.TotalMilliseconds % 1000 == 0
        ? $"{value.TotalSeconds:0}s"
        : $"{value.TotalMilliseconds:0}ms";
}
