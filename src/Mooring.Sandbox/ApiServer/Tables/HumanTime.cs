using Mooring.Sandbox.KubeApi.Objects;

namespace Mooring.Sandbox.KubeApi.Tables;

/// <summary>Ages as kubectl writes them: <c>45s</c>, <c>3m12s</c>, <c>5h</c>, <c>2d3h</c>, <c>40d</c>.</summary>
internal static class HumanTime
{
    public static string Since(string? timestamp, DateTimeOffset now) =>
        KubeTime.Parse(timestamp) is { } time ? Duration(now - time) : "<unknown>";

    public static string Duration(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        if (seconds < -1)
        {
            return "<invalid>";
        }

        if (seconds < 0)
        {
            return "0s";
        }

        var (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        return seconds switch
        {
            < 120 => $"{seconds}s",
            < 600 => seconds % 60 == 0 ? $"{minutes}m" : $"{minutes}m{seconds % 60}s",
            < 3 * 3600 => $"{minutes}m",
            < 8 * 3600 => minutes % 60 == 0 ? $"{hours}h" : $"{hours}h{minutes % 60}m",
            < 48 * 3600 => $"{hours}h",
            < 8 * 86400 => hours % 24 == 0 ? $"{days}d" : $"{days}d{hours % 24}h",
            < 2 * 365 * 86400 => $"{days}d",
            _ => days % 365 == 0 ? $"{days / 365}y" : $"{days / 365}y{days % 365}d",
        };
    }
}
