using System.Globalization;

namespace Grpc.Core.Wire;

/// <summary>The grpc-timeout header: at most eight digits and a unit out of H M S m u n.</summary>
internal static class TimeoutHeader
{
    public const string Name = "grpc-timeout";

    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    /// <summary>Longest timeout a timer takes; a longer deadline is as good as none.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(45);

    private static readonly (char Unit, long Ticks)[] Units =
    [
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    public static string Encode(TimeSpan timeout)
    {
        var ticks = Math.Max(timeout.Ticks, 1);
        foreach (var (unit, size) in Units)
        {
            // Rounded up: the server must not give up before the client does.
            var value = (ticks + size - 1) / size;
            if (value <= MaxValue)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{MaxValue}H");
    }

    public static bool TryDecode(string text, out TimeSpan timeout)
    {
        timeout = default;
        if (text.Length is < 2 or > MaxDigits + 1
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        if (text[^1] == 'n')
        {
            timeout = TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick);
            return true;
        }

        foreach (var (unit, size) in Units)
        {
            if (text[^1] == unit)
            {
                timeout = value > Longest.Ticks / size ? Longest : TimeSpan.FromTicks(value * size);
                return true;
            }
        }

        return false;
    }
}
