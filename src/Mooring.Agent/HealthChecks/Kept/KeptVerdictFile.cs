using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mooring.Agent.OnDisk;

namespace Mooring.Agent.HealthChecks.Kept;

/// <summary>The text of the verdict file: a header, and a line of JSON for each unhealthy endpoint.</summary>
internal static class KeptVerdictFile
{
    /// <summary>Endpoints in a file; of more, those that failed last.</summary>
    public const int MaxVerdicts = 10_000;

    /// <summary>In bytes; what is longer is not of an agent.</summary>
    public const long MaxLength = 32 * 1024 * 1024;

    private const string Header = "mooring-verdicts 1";

    /// <summary>Reasons stay readable: nobody takes this file for HTML.</summary>
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Format(IReadOnlyCollection<KeptVerdict> verdicts) => ChecksummedText.Format(
    [
        Header,
        .. verdicts.OrderByDescending(kept => kept.Since)
            .ThenBy(kept => kept.SetId, StringComparer.Ordinal)
            .ThenBy(kept => kept.Backend.ToString(), StringComparer.Ordinal)
            .Take(MaxVerdicts)
            .Select(kept => JsonSerializer.Serialize(
                new Line(kept.SetId, kept.Backend.ToString(), kept.Rules, kept.Since, kept.Reason), Json)),
    ]);

    /// <exception cref="FormatException">The text is cut short, changed or of another kind; the message says where.</exception>
    public static IReadOnlyList<KeptVerdict> Parse(string text) => [.. ChecksummedText.Parse(text, Header).Select(Read)];

    private static KeptVerdict Read(string text)
    {
        try
        {
            if (JsonSerializer.Deserialize<Line>(text, Json) is { Set: { } set, Rules: { } rules, Reason: { } reason } line
                && IPEndPoint.TryParse(line.Endpoint ?? "", out var backend))
            {
                return new KeptVerdict(set, backend, rules, line.Since, reason);
            }
        }
        catch (JsonException exception)
        {
            throw new FormatException($"it has a line that is no JSON: {exception.Message}", exception);
        }

        throw new FormatException($"it has a line '{text}'");
    }

    private sealed record Line(string? Set, string? Endpoint, string? Rules, DateTimeOffset Since, string? Reason);
}
