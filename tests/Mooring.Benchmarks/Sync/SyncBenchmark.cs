using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Composition;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Agent.Loads;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Surroundings;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Benchmarks.Sync;

/// <summary>
/// The agent from the bytes of a message of the controller to the kernel, in the network namespace of the process: a whole
/// snapshot, then changes of one endpoint, then a restart and a change by another program. Leaves the table for the probe.
/// </summary>
internal static class SyncBenchmark
{
    public const string Verb = "sync";
    private const int WarmUp = 300;
    private const int Repetitions = 300;

    /// <summary>Fewer: after each the whole snapshot is saved.</summary>
    private const int VirtualIps = 50;

    public static async Task<int> RunAsync(int services, int changes)
    {
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var message = SnapshotMapping.ToProto(SyncSnapshots.Of(services)).ToByteArray();
        var deltas = Deltas(services, WarmUp + changes);
        await using var provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var checks = new HealthCheckService(
            SyncSnapshots.Node,
            new HealthProbes(null, ProbeSource.Any, TimeProvider.System),
            new HealthCheckMetrics(provider.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()),
            TimeProvider.System,
            NullLogger<HealthCheckService>.Instance);
        using var verdicts = new VerdictExchange(
            SyncSnapshots.Node, new IPEndPoint(IPAddress.Loopback, 0), checks, TimeProvider.System, NullLogger<VerdictExchange>.Instance);
        NftablesDataPlane.Cleanup(DataPlaneOptions.DefaultTable);

        var unhealthy = new HashSet<(string, IPEndPoint)>();
        await using var engine = NewEngine();
        using var loop = new DataPlaneLoop(
            engine, SyncSnapshots.Node, (set, endPoint) => unhealthy.Contains((set, endPoint)) ? false : verdicts.IsHealthy(set, endPoint), TimeProvider.System, NullLogger<DataPlaneLoop>.Instance);
        await loop.ProbeAsync(CancellationToken.None);
        await loop.StartAsync(CancellationToken.None);
        using var loads = new LoadReporter(
            static _ => { }, static () => [], new AgentReports(), TimeProvider.System, NullLogger<LoadReporter>.Instance);
        using var handshakes = new HandshakeWatch(
            checks, static _ => { }, ConntrackMonitor.Open, TimeProvider.System, NullLogger<HandshakeWatch>.Instance);
        using var surroundings = new SurroundingsWatch(
            SyncSnapshots.Node, static () => ([], []), static _ => { }, TimeProvider.System, NullLogger<SurroundingsWatch>.Instance);
        var state = Directory.CreateTempSubdirectory("mooring-sync-");
        var held = new HeldByKernel();
        var keeper = new SnapshotKeeper(
            new SnapshotStore(state.FullName, NullLogger<SnapshotStore>.Instance),
            [new HealthCheckConsumer(checks, verdicts, () => loop.VerdictsChanged()), loop, held, loads, surroundings, handshakes],
            NullLogger<SnapshotKeeper>.Instance);

        var kernel = KernelMegabytes();
        var start = TimeProvider.System.GetTimestamp();
        await TakeAsync(keeper, SnapshotMapping.ToCore(Snapshot.Parser.ParseFrom(message)), delta: null);
        figures["load"] = held.Since(start);
        figures["kernel"] = Math.Max(0, Math.Round(KernelMegabytes() - kernel, 1));

        var times = new List<(double Held, double Saved)>(changes);
        foreach (var bytes in deltas)
        {
            start = TimeProvider.System.GetTimestamp();
            var delta = Delta.Parser.ParseFrom(bytes);
            await TakeAsync(keeper, SnapshotDiff.Apply(keeper.Current, delta), delta);
            times.Add((held.Since(start), Milliseconds(TimeProvider.System.GetElapsedTime(start))));

            // One at a time: the walk through conntrack would be done on the CPU that measures.
            await engine.FlowsCut;
        }

        Put(figures, "change", [.. times.Skip(WarmUp).Select(time => time.Held)]);
        figures["change-max"] = times.Skip(WarmUp).Max(time => time.Held);
        Put(figures, "saved", [.. times.Skip(WarmUp).Select(time => time.Saved)]);
        Put(figures, "verdict", await VerdictsAsync(loop, keeper.Current, unhealthy));
        Put(figures, "vip", await VirtualIpsAsync(keeper, engine, held, services));
        figures["agent"] = Math.Round(Process.GetCurrentProcess().WorkingSet64 / 1e6, 0);

        await loop.StopAsync(CancellationToken.None);
        figures["drift"] = await RepairAsync(engine);
        figures["restart"] = await RestartAsync(keeper.Current);
        state.Delete(recursive: true);
        Console.WriteLine(JsonSerializer.Serialize(figures));
        return 0;
    }

    /// <summary>Each replaces one endpoint of a service by another.</summary>
    private static List<byte[]> Deltas(int services, int count)
    {
        var random = new Random(1);
        var deltas = new List<byte[]>(count);
        for (var i = 0; i < count; i++)
        {
            var set = SyncSnapshots.Set(SyncSnapshots.Random(random, services), services, last: SyncSnapshots.Endpoints + 1 + (i % 200));
            var delta = new Delta
            {
                BaseRevision = (ulong)i + 1,
                Revision = (ulong)i + 2,
                BackendSets = { BackendSetMapping.ToProto(set) },
            };
            deltas.Add(delta.ToByteArray());
        }

        return deltas;
    }

    /// <summary>One endpoint fails its check, or passes it again: until the kernel has it.</summary>
    private static async Task<List<double>> VerdictsAsync(
        DataPlaneLoop loop, ClusterSnapshot snapshot, HashSet<(string, IPEndPoint)> unhealthy)
    {
        var random = new Random(2);
        var times = new List<double>();
        for (var i = 0; i < WarmUp + Repetitions; i++)
        {
            var set = snapshot.BackendSets[SyncSnapshots.Random(random, snapshot.BackendSets.Length)];
            var endpoint = (set.Id, set.Backends[^1].EndPoint);
            if (!unhealthy.Remove(endpoint))
            {
                unhealthy.Add(endpoint);
            }

            times.Add(await TimeAsync(async () =>
            {
                loop.VerdictsChanged([set.Id]);
                await loop.ApplyAsync(snapshot, CancellationToken.None);
            }));
        }

        unhealthy.Clear();
        loop.VerdictsChanged();
        return times[WarmUp..];
    }

    /// <summary>One VirtualIp with its pool goes, and comes back: from the bytes of the message until the kernel has it.</summary>
    private static async Task<List<double>> VirtualIpsAsync(SnapshotKeeper keeper, NftablesDataPlane engine, HeldByKernel held, int services)
    {
        var random = new Random(3);
        var times = new List<double>();
        for (var i = 0; i < VirtualIps; i++)
        {
            var service = SyncSnapshots.Random(random, services);
            var (vip, set) = (keeper.Current.VirtualIps[service], keeper.Current.BackendSets[service]);
            await TimeDeltaAsync(new Delta { RemovedVirtualIps = { vip.Key.ToString() }, RemovedBackendSets = { set.Id } });
            await TimeDeltaAsync(new Delta { VirtualIps = { VirtualIpMapping.ToProto(vip) }, BackendSets = { BackendSetMapping.ToProto(set) } });
        }

        return times[(times.Count / 10)..];

        async Task TimeDeltaAsync(Delta change)
        {
            (change.BaseRevision, change.Revision) = (keeper.Current.Revision, keeper.Current.Revision + 1);
            var bytes = change.ToByteArray();
            var start = TimeProvider.System.GetTimestamp();
            var delta = Delta.Parser.ParseFrom(bytes);
            await TakeAsync(keeper, SnapshotDiff.Apply(keeper.Current, delta), delta);
            times.Add(held.Since(start));
            await engine.FlowsCut;
        }
    }

    private static void Put(SortedDictionary<string, double> figures, string key, List<double> times)
    {
        times.Sort();
        figures[$"{key}-p50"] = times[times.Count / 2];
        figures[$"{key}-p99"] = times[(int)(times.Count * 0.99)];
    }

    private static async Task TakeAsync(SnapshotKeeper keeper, SnapshotResult result, Delta? delta)
    {
        var snapshot = result.Snapshot ?? throw new InvalidOperationException($"refused: {result.Problems[0].Message}");
        var problems = await keeper.TakeAsync(snapshot, delta, CancellationToken.None);
        if (problems.Length > 0)
        {
            throw new InvalidOperationException(problems[0].Message);
        }
    }

    /// <summary>Another program takes one service away: milliseconds until it is back.</summary>
    private static async Task<double> RepairAsync(NftablesDataPlane engine)
    {
        await engine.VerifyAsync(CancellationToken.None);
        using (var nft = Process.Start("nft", ["delete", "element", "inet", "mooring", "services", $"{{ {SyncSnapshots.Address(0)} . tcp . {SyncSnapshots.Port} }}"]))
        {
            await nft.WaitForExitAsync();
        }

        return await TimeAsync(async () =>
        {
            var drift = await engine.VerifyAsync(CancellationToken.None);
            if (drift.Drift.Length != 1)
            {
                throw new InvalidOperationException($"{drift.Drift.Length} differences were found instead of one");
            }
        });
    }

    /// <summary>A new engine reads back what the last one left, and has nothing to send.</summary>
    private static async Task<double> RestartAsync(ClusterSnapshot snapshot)
    {
        await using var engine = NewEngine();
        var plan = Core.DataPlane.DataPlanePlanner.Plan(snapshot, SyncSnapshots.Node, (_, _) => null);
        return await TimeAsync(async () =>
        {
            var result = await engine.ApplyAsync(plan, CancellationToken.None);
            if (result.Changed != 0)
            {
                throw new InvalidOperationException($"{result.Changed.ToString(CultureInfo.InvariantCulture)} services were sent again");
            }
        });
    }

    private static NftablesDataPlane NewEngine() =>
        new(new DataPlaneOptions(), TimeProvider.System, NullLogger<NftablesDataPlane>.Instance);

    /// <summary>In milliseconds.</summary>
    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var start = TimeProvider.System.GetTimestamp();
        await work();
        return Milliseconds(TimeProvider.System.GetElapsedTime(start));
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 2);

    /// <summary>Memory of the whole kernel that only it can free, which nothing else should change much meanwhile.</summary>
    private static double KernelMegabytes() =>
        File.ReadLines("/proc/meminfo").Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[0] is "SUnreclaim" or "VmallocUsed")
            .Sum(fields => double.Parse(fields[1], CultureInfo.InvariantCulture)) * 1024 / 1e6;

    /// <summary>Next after the data plane: what it is given is in the kernel.</summary>
    private sealed class HeldByKernel : ISnapshotConsumer
    {
        private long _at;

        public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
        {
            _at = TimeProvider.System.GetTimestamp();
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }

        /// <summary>Milliseconds.</summary>
        public double Since(long start) => Milliseconds(TimeProvider.System.GetElapsedTime(start, _at));
    }
}
