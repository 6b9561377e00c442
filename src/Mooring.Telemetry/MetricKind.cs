namespace Mooring.Telemetry;

/// <summary>As the text format names them, in lower case.</summary>
internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}
