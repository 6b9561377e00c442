using System.Collections.Immutable;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>A random run: faults of every kind, quiet times in between, invariants checked all along.</summary>
internal sealed class RandomSchedule
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(8);

    private readonly SimCluster _cluster;
    private readonly SimWatch _watch;
    private readonly Random _random;
    private TimeSpan _lastFault;

    private RandomSchedule(int seed)
    {
        _random = new Random(seed);
        _cluster = new SimCluster(seed, nodes: _random.Next(2, 6), addresses: _random.Next(1, 4))
        {
            MaxDelay = TimeSpan.FromMilliseconds(_random.Next(1, 20)),
            MaxTimerJitter = TimeSpan.FromMilliseconds(_random.Next(1, 20)),
        };
        _watch = new SimWatch(_cluster);
    }

    /// <summary>Runs it; returns the longest time two nodes that heard each other both answered.</summary>
    public static TimeSpan Run(int seed)
    {
        var schedule = new RandomSchedule(seed);
        schedule.Run();
        return schedule._watch.LongestOverlap;
    }

    private void Run()
    {
        _cluster.Start(_ => Shuffled(atLeast: 1));
        while (_cluster.Now < Length)
        {
            Advance(TimeSpan.FromMilliseconds(_random.Next(10, 900)));
            Fault();
            _lastFault = _cluster.Now;
            if (_random.Next(4) == 0)
            {
                // Long enough to settle with the fault still there.
                Advance(_watch.MaxVacancy);
            }
        }

        HealAll();
        _lastFault = _cluster.Now;
        Advance(_watch.MaxVacancy + _cluster.Detect);
        _watch.ExpectOneHolderInEveryGroup();
    }

    private void Advance(TimeSpan by)
    {
        _cluster.Advance(by, _watch.LookForOverlaps);
        _watch.LookForTermsThatShrink();
        if (_cluster.Now - _lastFault >= _watch.MaxVacancy && _cluster.Loss == 0 && _cluster.IsTransitive())
        {
            _watch.ExpectOneHolderInEveryGroup();
        }
    }

    private void Fault()
    {
        var node = _cluster.Nodes[_random.Next(_cluster.Nodes.Length)];
        var other = _cluster.Nodes[_random.Next(_cluster.Nodes.Length)];
        switch (_random.Next(13))
        {
            case 0:
                node.Pause();
                _cluster.At(_cluster.Now + TimeSpan.FromMilliseconds(_random.Next(20, 3000)), () =>
                {
                    _lastFault = _cluster.Now;
                    node.Resume();
                });
                break;
            case 1:
                node.Kill();
                break;
            case 2:
            case 3:
                node.Start();
                break;
            case 4:
                node.SetCarrier(up: false);
                break;
            case 5:
            case 6:
                node.SetCarrier(up: true);
                break;
            case 7:
                _cluster.Split([.. _cluster.Nodes.Where(_ => _random.Next(2) == 0).Select(n => n.Name)]);
                break;
            case 8:
                _cluster.Block(node.Name, other.Name);
                break;
            case 9:
                _cluster.Loss = _random.NextDouble() * 0.3;
                break;
            case 10:
                _cluster.HealNetwork();
                break;
            case 11:
                node.RequestStop();
                break;
            default:
                if (_random.Next(3) == 0)
                {
                    _cluster.SetController(!_cluster.ControllerReachable);
                }

                _cluster.Rerank(_cluster.Addresses[_random.Next(_cluster.Addresses.Length)], Shuffled(atLeast: 1));
                break;
        }
    }

    private void HealAll()
    {
        _cluster.HealNetwork();
        _cluster.SetController(reachable: true);
        foreach (var node in _cluster.Nodes)
        {
            node.Resume();
            node.SetCarrier(up: true);
            node.Start();
        }
    }

    private ImmutableArray<string> Shuffled(int atLeast)
    {
        var names = _cluster.Nodes.Select(node => node.Name).ToArray();
        _random.Shuffle(names);
        return [.. names[.._random.Next(atLeast, names.Length + 1)]];
    }
}
