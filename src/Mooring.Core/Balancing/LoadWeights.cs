using System.Collections.Immutable;
using System.Net;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Balancing;

/// <summary>
/// Leads the weights of a backend set after the loads of its endpoints. Loads are averaged, a weight changes only when it is
/// off by more than <see cref="Hysteresis"/>, and no more slots change their owner than <see cref="SlotShareAtOnce"/> and
/// <see cref="SlotSharePerSecond"/> allow.
/// </summary>
public sealed record LoadWeights
{
    /// <summary>Factor of an endpoint that gets its share.</summary>
    public const int Neutral = 64;

    /// <summary>Share of the slots that may change their owner in a second, in the long run.</summary>
    public const double SlotSharePerSecond = 1 / 64.0;

    /// <summary>Share of the slots that may change their owner at once, after a time without changes.</summary>
    public const double SlotShareAtOnce = 1 / 8.0;

    /// <summary>A weight stays that is off by less than this part of it.</summary>
    public const double Hysteresis = 0.125;

    /// <summary>Time constant of the average.</summary>
    public static readonly TimeSpan Averaging = TimeSpan.FromSeconds(10);

    public static readonly LoadWeights None = new();

    /// <summary>Bounds of a factor.</summary>
    private static readonly int Lightest = (int)(Neutral * Math.Pow(2, LoadRule.Least)), Heaviest = (int)(Neutral * Math.Pow(2, LoadRule.Most));

    private static readonly double Off = Math.Log2(1 + Hysteresis);

    /// <summary>In 64ths of its share; endpoints that are not here get theirs.</summary>
    public ImmutableDictionary<IPEndPoint, int> Factors { get; init; } = ImmutableDictionary<IPEndPoint, int>.Empty;

    /// <summary>Share of the slots that may change their owner now.</summary>
    public double Allowance { get; init; }

    /// <summary>By endpoint, the power of two that the loads ask for on the average.</summary>
    private ImmutableDictionary<IPEndPoint, double> Averages { get; init; } = ImmutableDictionary<IPEndPoint, double>.Empty;

    /// <param name="algorithm">One that goes by load.</param>
    /// <param name="endpoints">All that take new flows, in their order.</param>
    /// <param name="slots">Size of the table.</param>
    /// <param name="elapsed">Time since the last call.</param>
    public LoadWeights Next(
        BalancingAlgorithm algorithm, ImmutableArray<WeighedEndpoint> endpoints, int slots, TimeSpan elapsed)
    {
        var asked = algorithm == BalancingAlgorithm.LeastConnections
            ? LoadRule.ByConnections(endpoints)
            : LoadRule.ByResponseTime(endpoints);
        var part = 1 - Math.Exp(-elapsed / Averaging);
        var averages = ImmutableDictionary.CreateBuilder<IPEndPoint, double>();
        var steps = new double[endpoints.Length];
        for (var i = 0; i < endpoints.Length; i++)
        {
            var key = endpoints[i].EndPoint;
            var average = Averages.GetValueOrDefault(key);
            average += part * (asked[i] - average);
            averages[key] = average;
            var step = average - Math.Log2(FactorOf(key) / (double)Neutral);
            steps[i] = Math.Abs(step) > Off ? step : 0;
        }

        var next = this with
        {
            Factors = Factors.RemoveRange(Factors.Keys.Where(key => !averages.ContainsKey(key))),
            Averages = averages.ToImmutable(),
            Allowance = Math.Min(SlotShareAtOnce, Allowance + (elapsed.TotalSeconds * SlotSharePerSecond)),
        };
        return Array.Exists(steps, step => step != 0) ? next.Move(endpoints, steps, slots) : next;
    }

    /// <summary>Goes on from weights that were published before, so that a new controller moves nothing.</summary>
    /// <param name="backends">With the weights their pool gives them.</param>
    /// <param name="published">In the same order; 0 for one that is not known.</param>
    public static LoadWeights Adopt(ImmutableArray<ForwardedBackend> backends, int[] published)
    {
        var factors = ImmutableDictionary.CreateBuilder<IPEndPoint, int>();
        var scale = Scale(backends);
        for (var i = 0; i < backends.Length; i++)
        {
            if (published[i] != 0 && backends[i].Weight != 0)
            {
                factors[new(backends[i].Address, backends[i].Port)] = (int)Math.Clamp(
                    Math.Round(published[i] / (backends[i].Weight * scale)), Lightest, Heaviest);
            }
        }

        // Weights that nothing was changed in are published as the pool has them.
        return backends.Select(backend => backend.Weight).SequenceEqual(published)
            ? None
            : new LoadWeights
            {
                Factors = factors.ToImmutable(),
                Averages = factors.ToImmutableDictionary(pair => pair.Key, pair => Math.Log2(pair.Value / (double)Neutral)),
            };
    }

    /// <summary>The weights to publish, 1 to 65,535, in the order of <paramref name="backends"/>; 0 stays 0.</summary>
    public int[] Weigh(ImmutableArray<ForwardedBackend> backends)
    {
        var weights = backends.Select(backend => backend.Weight).ToArray();
        if (weights.Length == 0 || !backends.Any(backend => FactorOf(new(backend.Address, backend.Port)) != Neutral))
        {
            return weights;
        }

        var scale = Scale(backends);
        for (var i = 0; i < weights.Length; i++)
        {
            var exact = weights[i] * (double)FactorOf(new(backends[i].Address, backends[i].Port)) * scale;
            weights[i] = weights[i] == 0 ? 0 : Math.Max(1, (int)Math.Round(exact));
        }

        return weights;
    }

    /// <summary>Weights of pools may be as large as what can be published.</summary>
    private static double Scale(ImmutableArray<ForwardedBackend> backends) =>
        Math.Min(1, Backend.MaxWeight / ((double)backends.Max(backend => backend.Weight) * Heaviest));

    /// <summary>
    /// Goes a third of the way, or as much of it as the allowance lets it: an endpoint whose weight is d below what it should
    /// be has fewer connections by d as well, and asks for 2d beyond.
    /// </summary>
    private LoadWeights Move(ImmutableArray<WeighedEndpoint> endpoints, double[] steps, int slots)
    {
        const double Smallest = 1 / 96.0;
        ImmutableArray<ForwardedBackend> backends = [.. endpoints.Select(endpoint => endpoint.Backend)];
        var before = Due(backends, slots);
        for (var part = 1 / (1 + LoadRule.ConnectionGain); part >= Smallest; part /= 2)
        {
            var factors = Factors.ToBuilder();
            for (var i = 0; i < steps.Length; i++)
            {
                if (steps[i] != 0)
                {
                    var key = endpoints[i].EndPoint;
                    var to = Math.Log2(FactorOf(key) / (double)Neutral) + (part * steps[i]);
                    factors[key] = (int)Math.Round(Neutral * Math.Pow(2, to));
                }
            }

            var next = this with { Factors = factors.ToImmutable() };
            var moved = Moved(before, next.Due(backends, slots)) / (double)slots;
            if (moved <= Allowance)
            {
                return next with { Allowance = Allowance - moved };
            }
        }

        return this;
    }

    private int[] Due(ImmutableArray<ForwardedBackend> backends, int slots)
    {
        var weights = Weigh(backends);
        return SlotShares.Of([.. backends.Select((backend, i) => backend with { Weight = weights[i] })], slots);
    }

    /// <summary>Only slots of endpoints that are due less move.</summary>
    private static int Moved(int[] before, int[] after) => before.Zip(after, (then, now) => Math.Max(then - now, 0)).Sum();

    private int FactorOf(IPEndPoint endPoint) => Factors.GetValueOrDefault(endPoint, Neutral);
}
