using System.Diagnostics.Metrics;
using System.Reflection;

namespace Mooring.Telemetry;

/// <summary>What Prometheus' own client libraries tell of a process, under their names, and the version.</summary>
public sealed class ProcessMetrics
{
    public const string MeterName = "Mooring.Process";

    public ProcessMetrics(IMeterFactory meters, string program)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        meter.CreateObservableCounter(
            "process_cpu_seconds_total",
            static () => Environment.CpuUsage.TotalTime.TotalSeconds,
            description: "CPU time of the process, user and system.");
        meter.CreateObservableGauge(
            "process_resident_memory_bytes", static () => Environment.WorkingSet, description: "Resident memory.");
        meter.CreateObservableGauge(
            "process_open_fds",
            static () => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(),
            description: "Open file descriptors.");
        meter.CreateObservableGauge(
            "process_start_time_seconds",
            StartTime,
            description: "When the process began, in seconds since 1970.");
        meter.CreateObservableCounter(
            "dotnet_collections_total",
            static () => Enumerable.Range(0, GC.MaxGeneration + 1)
                .Select(generation => new Measurement<int>(
                    GC.CollectionCount(generation), new KeyValuePair<string, object?>("generation", generation))),
            description: "Garbage collections by generation.");
        meter.CreateObservableCounter(
            "dotnet_collection_pause_seconds_total",
            static () => GC.GetTotalPauseDuration().TotalSeconds,
            description: "How long the process stood still for garbage collections.");
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        meter.CreateObservableGauge(
            "mooring_build_info",
            () => new Measurement<int>(1, new("program", program), new("version", version)),
            description: "1, with the program and its version as labels.");
    }

    private static double StartTime()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return (process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
