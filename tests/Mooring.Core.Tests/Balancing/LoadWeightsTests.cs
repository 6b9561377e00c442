using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Balancing;

public sealed class LoadWeightsTests
{
    private const int Slots = 256;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    [Fact]
    public void Next_NothingKnown_EveryoneGetsTheirShare()
    {
        var backends = Backends(1, 2, 3);
        var weights = LoadWeights.None;
        for (var i = 0; i < 20; i++)
        {
            weights = weights.Next(
                BalancingAlgorithm.LeastConnections, [.. backends.Select(backend => new WeighedEndpoint(backend, null))], Slots, Step);
        }

        weights.Weigh(backends).ShouldBe([1, 2, 3]);
    }

    /// <summary>As many connections as chance brings about are no reason to move any.</summary>
    [Fact]
    public void Next_CountsDifferByChance_NothingMoves()
    {
        var random = new Random(7);
        var backends = Backends(1, 1, 1, 1, 1, 1, 1, 1);
        var weights = LoadWeights.None;
        var changes = 0;
        for (var i = 0; i < 1000; i++)
        {
            var counts = new int[backends.Length];
            for (var connection = 0; connection < 800; connection++)
            {
                counts[random.Next(counts.Length)]++;
            }

            var next = Advance(weights, backends, [.. counts.Select(count => (double)count)]);
            changes += Same(weights, next) ? 0 : 1;
            weights = next;
        }

        changes.ShouldBe(0);
    }

    /// <summary>Connections of the last endpoint last four times as long; all of them from a moment to an hour.</summary>
    [Theory]
    [InlineData(0.2)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(120)]
    [InlineData(3600)]
    public void Next_OneEndpointKeepsConnectionsLonger_SettlesWithoutSwinging(double seconds)
    {
        var world = new Flows([seconds, seconds, seconds, seconds * 4], Arrivals: 2000 / seconds);
        var backends = Backends(1, 1, 1, 1);
        var history = Run(world, backends, steps: (int)(600 + (40 * seconds)));

        var mean = world.Connections.Average();
        (world.Connections[3] / world.Connections[0]).ShouldBeInRange(1.2, 2.0);
        world.Connections.Take(3).ShouldAllBe(count => count > mean * 0.7);

        // The share of the slow one falls once; it may rise again a little, and then stays where it is.
        var shares = history.Select(weights => Share(weights, backends, 3)).ToArray();
        shares[^(shares.Length / 4)..].Distinct().Count().ShouldBe(1);
        Turns(shares).ShouldBeLessThanOrEqualTo(3);
    }

    /// <summary>Kept connections that were there first do not make a table swing for ever.</summary>
    [Fact]
    public void Next_OneEndpointComesLate_IsFilledAndThenTreatedAsTheOthers()
    {
        var world = new Flows([600, 600, 600], Arrivals: 1);
        world.Connections[0] = world.Connections[1] = 300;
        var backends = Backends(1, 1, 1);
        var history = Run(world, backends, steps: 3600);

        history[60].Factors.Values.Max().ShouldBeGreaterThan(LoadWeights.Neutral);
        world.Connections.ShouldAllBe(count => count > 160 && count < 240);
        Turns([.. history.Select(weights => Share(weights, backends, 2))]).ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public void Next_LoadsComeAndGo_NoMoreSlotsMoveThanAllowed()
    {
        var random = new Random(3);
        var backends = Backends(1, 1, 2, 1, 1, 4, 1, 1, 1, 1);
        var weights = LoadWeights.None;
        var table = Table(null, weights, backends);
        var moved = new List<double>();
        for (var i = 0; i < 600; i++)
        {
            // A new extreme every twenty seconds.
            var hot = (i / 10) % backends.Length;
            var next = Advance(
                weights, backends, [.. backends.Select((_, at) => at == hot ? 5000.0 : random.Next(10, 50))]);
            var after = Table(table, next, backends);
            moved.Add(table.Owners.Zip(after.Owners).Count(pair => pair.First != pair.Second) / (double)Slots);
            (weights, table) = (next, after);
        }

        moved.Max().ShouldBeLessThanOrEqualTo(LoadWeights.SlotShareAtOnce);
        moved.Sum().ShouldBeLessThanOrEqualTo(
            LoadWeights.SlotShareAtOnce + (600 * Step.TotalSeconds * LoadWeights.SlotSharePerSecond));
        moved.Sum().ShouldBeGreaterThan(1);
    }

    [Fact]
    public void Next_SlowEndpoint_GetsLessAndItsShareBackWhenItIsFast()
    {
        var backends = Backends(1, 1, 1);
        var weights = LoadWeights.None;
        for (var i = 0; i < 60; i++)
        {
            weights = Advance(weights, backends, [0.010, 0.012, 0.080], BalancingAlgorithm.LeastResponseTime);
        }

        var slow = Share(weights, backends, 2);
        for (var i = 0; i < 120; i++)
        {
            weights = Advance(weights, backends, [0.010, 0.012, 0.011], BalancingAlgorithm.LeastResponseTime);
        }

        slow.ShouldBeInRange(0.05, 0.2);
        Share(weights, backends, 2).ShouldBeInRange(0.28, 0.38);
    }

    /// <summary>Below a millisecond it is the network that differs.</summary>
    [Fact]
    public void Next_AllAreFast_NothingMoves()
    {
        var backends = Backends(1, 1, 1);
        var weights = LoadWeights.None;
        for (var i = 0; i < 60; i++)
        {
            weights = Advance(weights, backends, [0.0001, 0.0009, 0.0003], BalancingAlgorithm.LeastResponseTime);
        }

        weights.Factors.ShouldBeEmpty();
    }

    [Fact]
    public void Weigh_LargeWeights_StayWithinWhatCanBePublished()
    {
        var backends = Backends(65_535, 65_535, 1, 0);
        var weights = LoadWeights.None;
        for (var i = 0; i < 60; i++)
        {
            weights = Advance(weights, backends[..3], [10, 100_000, 0]);
        }

        var published = weights.Weigh(backends);
        published.ShouldAllBe(weight => weight >= 0 && weight <= 65_535);
        published[0].ShouldBeGreaterThan(published[1]);
        published[2].ShouldBeGreaterThan(0);
        published[3].ShouldBe(0);
    }

    [Fact]
    public void Next_EndpointGone_IsForgotten()
    {
        var backends = Backends(1, 1, 1);
        var weights = LoadWeights.None;
        for (var i = 0; i < 60; i++)
        {
            weights = Advance(weights, backends, [10, 10, 1000]);
        }

        weights.Factors.Count.ShouldBe(3);
        Advance(weights, backends[..2], [10, 10]).Factors.Count.ShouldBe(2);
    }

    private static List<LoadWeights> Run(Flows world, ImmutableArray<ForwardedBackend> backends, int steps)
    {
        var weights = LoadWeights.None;
        var history = new List<LoadWeights>(steps);
        for (var i = 0; i < steps; i++)
        {
            var current = weights;
            world.Pass(Step.TotalSeconds, at => Share(current, backends, at));
            weights = Advance(weights, backends, world.Connections);
            history.Add(weights);
        }

        return history;
    }

    private static LoadWeights Advance(
        LoadWeights weights,
        ImmutableArray<ForwardedBackend> backends,
        double[] loads,
        BalancingAlgorithm algorithm = BalancingAlgorithm.LeastConnections) => weights.Next(
            algorithm, [.. backends.Select((backend, i) => new WeighedEndpoint(backend, loads[i]))], Slots, Step);

    private static double Share(LoadWeights weights, ImmutableArray<ForwardedBackend> backends, int index) =>
        weights.Weigh(backends) is var all ? all[index] / (double)all.Sum() : 0;

    private static SlotAssignment Table(SlotAssignment? before, LoadWeights weights, ImmutableArray<ForwardedBackend> backends)
    {
        var all = weights.Weigh(backends);
        return SlotGenerations.Advance(
            before,
            backends[0].Address.AddressFamily,
            [
                .. backends.Select((backend, i) => new Backend
                {
                    Address = backend.Address, Port = backend.Port, Weight = all[i], Condition = BackendCondition.Ready,
                }),
            ],
            _ => true,
            (before?.Generation ?? 0) + 1)!;
    }

    private static bool Same(LoadWeights left, LoadWeights right) =>
        left.Factors.Count == right.Factors.Count && !left.Factors.Except(right.Factors).Any();

    /// <summary>How often the way changes its direction.</summary>
    private static int Turns(double[] shares)
    {
        var directions = shares.Zip(shares.Skip(1)).Select(pair => Math.Sign(pair.Second - pair.First)).Where(sign => sign != 0).ToArray();
        return directions.Zip(directions.Skip(1)).Count(pair => pair.First != pair.Second);
    }

    private static ImmutableArray<ForwardedBackend> Backends(params int[] weights) =>
        [.. weights.Select((weight, i) => new ForwardedBackend(new IPAddress([10, 71, 1, (byte)(i + 1)]), 8080, weight, Local: false))];

    /// <summary>Connections that come at a rate and last for a time that is the endpoint's.</summary>
    private sealed record Flows(double[] Lifetimes, double Arrivals)
    {
        public double[] Connections { get; } = new double[Lifetimes.Length];

        public void Pass(double seconds, Func<int, double> share)
        {
            for (var i = 0; i < Connections.Length; i++)
            {
                var settled = Arrivals * share(i) * Lifetimes[i];
                Connections[i] = settled + ((Connections[i] - settled) * Math.Exp(-seconds / Lifetimes[i]));
            }
        }
    }
}
