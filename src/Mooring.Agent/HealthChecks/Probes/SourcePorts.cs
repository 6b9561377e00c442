using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>The ports that checks come from, both ends included.</summary>
internal sealed record SourcePorts(ushort First, ushort Last)
{
    /// <param name="text">Such as 40000-40999.</param>
    /// <param name="ports">Set when the text is right.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out SourcePorts? ports)
    {
        ports = text.Split('-') is [var first, var last]
            && ushort.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            && ushort.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            && from > 0 && from <= to
                ? new SourcePorts(from, to)
                : null;
        return ports is not null;
    }

    public bool IsWithin(SourcePorts other) => First >= other.First && Last <= other.Last;

    public override string ToString() => $"{First}-{Last}";
}
