namespace Mooring.Telemetry;

/// <param name="Kind">counter, gauge or histogram.</param>
public sealed record MetricDescription(string Name, string Kind, string Help);
