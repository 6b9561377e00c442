using System.Globalization;
using System.Text.RegularExpressions;

namespace Mooring.Api;

/// <summary>Durations in the spelling of Kubernetes resources (Go's <c>time.ParseDuration</c>), without a sign.</summary>
public static partial class GoDuration
{
    /// <summary>Reads "100ms", "1.5s", "1h30m". Fractions below 100 ns are cut off.</summary>
    /// <returns>False for anything else, and for durations over 10,000 days.</returns>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text is not { Length: > 0 and <= 64 } || !Whole().IsMatch(text))
        {
            return false;
        }

        decimal ticks = 0;
        foreach (Match part in Part().Matches(text))
        {
            if (!decimal.TryParse(
                part.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || number > Limit.Ticks)
            {
                return false;
            }

            ticks += number * TicksOf(part.Groups[2].Value);
        }

        if (ticks > Limit.Ticks)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>The shortest exact spelling: "100ms", "1m30s", "3h".</summary>
    public static string Format(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        if (duration < TimeSpan.FromSeconds(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.####}ms");
        }

        var hours = (long)duration.TotalHours;
        var seconds = duration.Seconds + ((duration.Ticks % TimeSpan.TicksPerSecond) / (decimal)TimeSpan.TicksPerSecond);
        return string.Concat(
            hours > 0 ? string.Create(CultureInfo.InvariantCulture, $"{hours}h") : "",
            duration.Minutes > 0 ? string.Create(CultureInfo.InvariantCulture, $"{duration.Minutes}m") : "",
            seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#######}s") : "");
    }

    private static readonly TimeSpan Limit = TimeSpan.FromDays(10_000);

    private static decimal TicksOf(string unit) => unit switch
    {
        "ns" => 0.01m,
        "us" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        _ => TimeSpan.TicksPerHour,
    };

    [GeneratedRegex(@"\A([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+\z")]
    private static partial Regex Whole();

    [GeneratedRegex("([0-9]+(?:\\.[0-9]+)?)(ns|us|ms|s|m|h)")]
    private static partial Regex Part();
}
