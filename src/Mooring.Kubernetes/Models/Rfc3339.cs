using System.Globalization;
using System.Text.Json;

namespace k8s.Models;

/// <summary>Kubernetes' two spellings of a time (apimachinery's Time and MicroTime), both RFC 3339 in UTC.</summary>
internal static class Rfc3339
{
    private const string Seconds = "yyyy-MM-dd'T'HH:mm:ss'Z'";
    private const string Micros = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static DateTime Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String
            || !DateTimeOffset.TryParse(
                reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            throw new JsonException("expected a time as in RFC 3339, such as 2026-01-31T12:00:00Z");
        }

        return time.UtcDateTime;
    }

    /// <summary>Whole seconds where there is nothing below them: what the server itself writes.</summary>
    public static string Write(DateTime time)
    {
        var utc = ToUtc(time);
        return utc.Ticks % TimeSpan.TicksPerSecond == 0 ? Format(utc, Seconds) : Format(utc, Micros);
    }

    /// <summary>Always six digits: apimachinery's MicroTime refuses any other number of them.</summary>
    public static string WriteMicro(DateTime time) => Format(ToUtc(time), Micros);

    private static DateTime ToUtc(DateTime time) => time.Kind switch
    {
        DateTimeKind.Local => time.ToUniversalTime(),
        _ => DateTime.SpecifyKind(time, DateTimeKind.Utc),
    };

    private static string Format(DateTime utc, string format) => utc.ToString(format, CultureInfo.InvariantCulture);
}
