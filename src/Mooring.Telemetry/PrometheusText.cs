using System.Globalization;
using System.Text;

namespace Mooring.Telemetry;

/// <summary>
/// Writes Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). OpenTelemetry's exporter for it has no release.
/// </summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    public void Add(MetricFamily family, long collection)
    {
        var any = false;
        foreach (var series in family.Series(collection))
        {
            if (!any)
            {
                any = true;
                _text.Append("# HELP ").Append(family.Name).Append(' ').Append(EscapeHelp(family.Help)).Append('\n')
                    .Append("# TYPE ").Append(family.Name).Append(' ')
                    .Append(family.Kind.ToString().ToLowerInvariant()).Append('\n');
            }

            if (family.Kind == MetricKind.Histogram)
            {
                AddHistogram(family, series);
            }
            else
            {
                Line(family.Name, series, null, series.Value);
            }
        }
    }

    public override string ToString() => _text.ToString();

    private void AddHistogram(MetricFamily family, MetricSeries series)
    {
        var counts = series.Cumulative();
        for (var i = 0; i < counts.Length; i++)
        {
            Line($"{family.Name}_bucket", series, i < family.Bounds.Length ? Number(family.Bounds[i]) : "+Inf", counts[i]);
        }

        Line($"{family.Name}_sum", series, null, series.Sum);
        Line($"{family.Name}_count", series, null, counts[^1]);
    }

    private void Line(string name, MetricSeries series, string? bound, double value)
    {
        _text.Append(name);
        var first = true;
        foreach (var (key, of) in series.Tags)
        {
            Label(key, Convert.ToString(of, CultureInfo.InvariantCulture) ?? "", ref first);
        }

        if (bound is not null)
        {
            Label("le", bound, ref first);
        }

        _text.Append(first ? " " : "} ").Append(Number(value)).Append('\n');
    }

    private void Label(string name, string value, ref bool first)
    {
        _text.Append(first ? '{' : ',').Append(name).Append("=\"")
            .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal))
            .Append('"');
        first = false;
    }

    private static string EscapeHelp(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);
}
