using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>A random run: faults of every kind, quiet times in between, invariants checked all along.</summary>
internal sealed class RandomSchedule
{
    private static readonly int[] NodeCounts = [2, 2, 2, 3, 3, 3, 3, 4, 4, 5];
    private static readonly (int Milliseconds, int Multiplier)[] Timings = [(100, 3), (100, 3), (100, 3), (50, 3), (100, 2), (40, 5), (10, 3)];

    private readonly SimCluster _cluster;
    private readonly SimWatch _watch;
    private readonly SimSettled _settled;
    private readonly SingleFault _single;
    private readonly Random _random;
    private TimeSpan _nextProbe;
    private TimeSpan _lastFault;

    private RandomSchedule(int seed, FailoverRules rules)
    {
        _random = new Random(seed);
        var (interval, multiplier) = Timings[_random.Next(Timings.Length)];
        _cluster = new SimCluster(
            seed, nodes: NodeCounts[_random.Next(NodeCounts.Length)], addresses: interval == 10 ? 1 : _random.Next(1, 4), rules)
        {
            Interval = TimeSpan.FromMilliseconds(interval),
            Multiplier = multiplier,
            SlowFactor = _random.Next(4) == 0 ? _random.Next(2, 4) : 1,
            MaxDelay = TimeSpan.FromMilliseconds(interval * (0.01 + (_random.NextDouble() * 0.19))),
            MaxTimerJitter = TimeSpan.FromMilliseconds(interval * (0.01 + (_random.NextDouble() * 0.14))),
            Replaying = _random.Next(4) == 0,
        };
        _watch = new SimWatch(_cluster);
        _settled = new SimSettled(_cluster, _watch);
        _single = new SingleFault(_cluster, _watch, _settled, _random);
    }

    /// <summary>The longest of the detection times.</summary>
    private TimeSpan Detect => _cluster.Detect * _cluster.SlowFactor;

    /// <summary>After this long without a fault everything has to be well.</summary>
    private TimeSpan Quiet => _watch.MaxVacancy(_cluster.Addresses.Length > 1 ? 1 : 0)
        + (_cluster.AnnouncementFailedAt is not null || _cluster.Controller.HasStragglers ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);

    private TimeSpan SinceFault =>
        _cluster.Now - (_cluster.AnnouncementFailedAt > _lastFault ? _cluster.AnnouncementFailedAt.Value : _lastFault);

    /// <summary>Runs it; returns the longest time two nodes that heard each other both answered.</summary>
    public static TimeSpan Run(int seed, FailoverRules? rules = null)
    {
        var schedule = new RandomSchedule(seed, rules ?? FailoverRules.Default);
        schedule.Run();
        return schedule._watch.LongestOverlap;
    }

    private void Run()
    {
        _cluster.Start(_ => Shuffled(atLeast: _random.Next(3) == 0 ? 1 : 2));
        if (_random.Next(2) == 0)
        {
            SetGateways(true);
        }

        for (var steps = _random.Next(4, 10); steps > 0; steps--)
        {
            switch (_random.Next(4))
            {
                case 0:
                    Settle();
                    _single.TryRun(by =>
                    {
                        _lastFault = _cluster.Now;
                        Advance(by);
                    });
                    break;
                case 1:
                    Advance(_cluster.Interval * _random.NextDouble());
                    Fault();
                    break;
                default:
                    Advance(Detect * 3 * _random.NextDouble());
                    Fault();
                    break;
            }
        }

        HealAll();
        Settle();
        _settled.ExpectOneHolderInEveryGroup();
    }

    private void Settle()
    {
        // Faults that are still to come, such as the end of a pause, begin it anew.
        while (SinceFault < Quiet)
        {
            Advance(Quiet - SinceFault);
        }
    }

    private void Advance(TimeSpan by)
    {
        var until = _cluster.Now + by;
        while (_nextProbe < until)
        {
            _cluster.Advance(_nextProbe - _cluster.Now);
            _watch.Probe();
            _nextProbe += _cluster.Detect;
        }

        _cluster.Advance(until - _cluster.Now);
        if (SinceFault >= Quiet && _cluster is { Loss: 0, ExtraDelay.Ticks: 0 } && _cluster.IsTransitive())
        {
            _settled.ExpectOneHolderInEveryGroup();
        }
    }

    private void Fault()
    {
        _lastFault = _cluster.Now;
        var node = _cluster.Nodes[_random.Next(_cluster.NodeCount)];
        var other = _cluster.Nodes[_random.Next(_cluster.NodeCount)];
        var address = _cluster.Addresses[_random.Next(_cluster.Addresses.Length)];
        switch (_random.Next(25))
        {
            case 0:
                node.Pause();
                Later(Detect * 4, node.Resume);
                break;
            case 1:
                node.Stall();
                Later(Detect * 4, node.Resume);
                break;
            case 2:
                node.Freeze();
                Later(Detect * 4, node.Resume);
                break;
            case 3:
                node.JumpClock(Detect * 3 * _random.NextDouble());
                break;
            case 4:
                node.Kill();
                break;
            case 5:
                node.Kill();
                Later(Detect, node.Start);
                break;
            case 6:
                node.Start();
                break;
            case 7:
                node.RequestStop();
                break;
            case 8:
                RollingRestart();
                break;
            case 9:
                node.SetCarrier(up: false);
                break;
            case 10:
                node.SetCarrier(up: false);
                Later(Detect * 2, () => node.SetCarrier(up: true));
                break;
            case 11:
                node.SetCarrier(up: true);
                break;
            case 12:
                _cluster.Split([.. _cluster.Nodes.Where(_ => _random.Next(2) == 0).Select(n => n.Name)]);
                break;
            case 13:
                _cluster.Block(node.Name, other.Name);
                break;
            case 14:
                _cluster.Loss = _random.NextDouble() * 0.3;
                _cluster.Disturbed();
                break;
            case 15:
                _cluster.ExtraDelay = _cluster.Interval * 2 * _random.NextDouble();
                _cluster.Disturbed();
                break;
            case 16:
            case 17:
                _cluster.HealNetwork();
                break;
            case 18:
                _cluster.SetController(!_cluster.Controller.Reachable);
                break;
            case 19:
                SetGateways(_random.Next(3) switch { 0 => null, 1 => true, _ => false });
                break;
            case 20:
                // One node alone loses both, as when its uplink is cut.
                node.SetGateway(reachable: false);
                node.SetController(connected: false);
                break;
            case 21:
                node.FailingAnnouncements = 1;
                break;
            case 22:
                Estrange(node, other, address);
                break;
            case 23:
                _cluster.Move(address, node.Name);
                Later(SimController.MaxDelay, () => { });
                break;
            default:
                _cluster.Rerank(address, Shuffled(atLeast: 1));
                Later(SimController.MaxDelay, () => { });
                break;
        }
    }

    /// <summary>
    /// Two nodes cut off from each other, each of which has heard from the controller that it alone may hold the address,
    /// meet again.
    /// </summary>
    private void Estrange(SimNode one, SimNode other, IPAddress address)
    {
        _cluster.Rerank(address, [one.Name]);
        Advance(Detect * 2);
        _cluster.Split([one.Name]);
        one.SetController(connected: false);
        _cluster.Rerank(address, [other.Name]);
        _lastFault = _cluster.Now;
        Advance(Detect * (1 + (2 * _random.NextDouble())));
        _cluster.HealNetwork();
        _lastFault = _cluster.Now;
    }

    /// <summary>One node after the other, as a DaemonSet does it.</summary>
    private void RollingRestart()
    {
        foreach (var node in _cluster.Nodes)
        {
            node.RequestStop();
            for (var i = 0; i < 100 && node.Alive && !node.Halted; i++)
            {
                Advance(_cluster.Interval);
            }

            _lastFault = _cluster.Now;
            Advance(_cluster.Interval * _random.NextDouble());
            node.Start();
            _lastFault = _cluster.Now;
            Advance(Detect * 2 * _random.NextDouble());
        }
    }

    private void SetGateways(bool? reachable)
    {
        foreach (var node in _cluster.Nodes)
        {
            node.SetGateway(reachable);
        }
    }

    private void HealAll()
    {
        _cluster.HealNetwork();
        _cluster.SetController(reachable: true);
        foreach (var node in _cluster.Nodes)
        {
            node.Resume();
            if (node.Stopping)
            {
                node.Kill();
            }

            node.SetCarrier(up: true);
            node.Start();
        }

        SetGateways(true);
        _lastFault = _cluster.Now;
    }

    private void Later(TimeSpan atMost, Action what) => _cluster.At(_cluster.Now + (atMost * _random.NextDouble()), () =>
    {
        _lastFault = _cluster.Now;
        _cluster.LateFaults++;
        what();
    });

    private ImmutableArray<string> Shuffled(int atLeast)
    {
        var names = _cluster.Nodes.Select(node => node.Name).ToArray();
        _random.Shuffle(names);
        return [.. names[.._random.Next(Math.Min(atLeast, names.Length), names.Length + 1)]];
    }
}
