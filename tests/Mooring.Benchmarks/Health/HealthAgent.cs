using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Benchmarks.Health;

/// <summary>
/// The agent's health checks alone, in a program of their own, over as many endpoints of 127.10.0.0/16 as told. Prints a line
/// when they run; ends with its standard input, and then prints how late checks began.
/// </summary>
internal static class HealthAgent
{
    public const string Verb = "health-agent";
    private const string Node = "node-1";
    private const string SetId = "default/web:80";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string type, int count, int port)
    {
        var lateness = new List<double>(1_000_000);
        var failures = 0L;
        using var listener = new MeterListener { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "mooring_health_check_lateness_seconds")
            {
                lock (lateness)
                {
                    lateness.Add(value * 1000);
                }
            }
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.Name == "mooring_health_checks_total" && tags.ToArray().Any(tag => tag.Value is "failure"))
            {
                Interlocked.Add(ref failures, value);
            }
        });
        listener.Start();

        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var checks = new HealthCheckService(
            Node,
            new HealthProbes(null, ProbeSource.Any, TimeProvider.System),
            new HealthCheckMetrics(services.GetRequiredService<IMeterFactory>()),
            TimeProvider.System,
            NullLogger<HealthCheckService>.Instance);
        await checks.StartAsync(CancellationToken.None);
        checks.ApplySnapshot(Snapshot(type == "http" ? HealthCheckType.Http : HealthCheckType.Tcp, count, port));
        Console.WriteLine("running");

        // A line begins the count anew, so that the start is left out; the end of the input ends the run.
        while (await Console.In.ReadLineAsync() is not null)
        {
            lock (lateness)
            {
                lateness.Clear();
            }
        }

        await checks.StopAsync(CancellationToken.None);
        lateness.Sort();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            checks = lateness.Count,
            failures,
            p50 = At(lateness, 0.5),
            p99 = At(lateness, 0.99),
            max = At(lateness, 1),
        }));
        return 0;
    }

    private static void Enable(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter.Name == HealthCheckMetrics.MeterName)
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }

    private static double At(List<double> sorted, double share) =>
        sorted.Count == 0 ? 0 : Math.Round(sorted[(int)((sorted.Count - 1) * share)], 2);

    private static ClusterSnapshot Snapshot(HealthCheckType type, int count, int port) => new()
    {
        Revision = 1,
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = [Node] }],
                Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = SetId }],
            },
        ],
        BackendSets =
        [
            new BackendSet
            {
                Id = SetId,
                Pool = new NamespacedName("default", "web"),
                HealthCheck = new HealthCheckIntent { Type = type, Interval = Interval },
                Backends = [.. Enumerable.Range(0, count).Select(i => Endpoint(i, port))],
            },
        ],
    };

    private static Backend Endpoint(int number, int port) => new()
    {
        Address = IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.10.{number / 250}.{1 + (number % 250)}")),
        Port = (ushort)port,
        Condition = BackendCondition.Ready,
    };
}
