using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

// What happens to the node: starts, ends, pauses, clocks, links.
internal sealed partial class SimNode
{
    public void Start()
    {
        if (Alive)
        {
            return;
        }

        _life++;
        Epoch++;
        _sequence = 0;
        _timerFor = TimeSpan.MinValue;
        Paused = Stalled = Stopping = _frozen = false;
        RunsSince = _cluster.Now;
        _backlog.Clear();
        Array.Clear(HeardFrom);
        for (var i = 0; i < _windows.Length; i++)
        {
            _windows[i] = new ReplayWindow(Epoch, _cluster.Rules);
        }

        _machine = new FailoverMachine(Name, _disk, _cluster.Rules);
        Give(machine => machine.SetInterfaces(LocalTime(), Interfaces()));
        Give(machine => machine.ApplySnapshot(LocalTime(), Snapshot));
        _cluster.Controller.Connect(this);
        SetGateway(Gateway);
    }

    public void Kill()
    {
        for (var i = 0; i < _deadlines.Length; i++)
        {
            Drop(i);
        }

        _machine = null;
        Paused = Stalled = false;
        _backlog.Clear();
    }

    public void RequestStop()
    {
        if (Alive)
        {
            Stopping = true;
            StoppingSince = _cluster.Now;
            Give(machine => machine.RequestStop(LocalTime()));
        }
    }

    public void Pause() => Halt(() => Paused = true);

    /// <summary>As <see cref="Pause"/>, and the node's clock stands still meanwhile, as in a virtual machine that is moved.</summary>
    public void Freeze() => Halt(() => Paused = _frozen = true);

    /// <summary>Only the failover thread stops.</summary>
    public void Stall() => Halt(() => Stalled = true);

    public void Resume()
    {
        if (!Halted)
        {
            return;
        }

        if (_frozen)
        {
            _clockOffset -= (_cluster.Now - _haltedAt) * _clockRate;
            WasFrozen = true;
        }

        Paused = Stalled = _frozen = false;
        RunsSince = _cluster.Now;
        _timerFor = TimeSpan.MinValue;

        // Whether the timer or the full socket is looked at first is up to the scheduler.
        if (_cluster.Random.Next(2) == 0)
        {
            Give(machine => machine.Tick(LocalTime()));
        }

        while (!Halted && _backlog.TryDequeue(out var waiting))
        {
            waiting();
        }

        Give(machine => machine.Tick(LocalTime()));
    }

    /// <summary>The node's clock runs ahead all at once.</summary>
    public void JumpClock(TimeSpan by)
    {
        if (!Halted)
        {
            _clockOffset += by;
            JumpedAt = _cluster.Now;
            RunsSince = _cluster.Now;
            Give(machine => machine.Tick(LocalTime()));
        }
    }

    public void SetCarrier(bool up)
    {
        Carrier = up;
        RunsSince = _cluster.Now;
        Give(machine => machine.SetInterfaces(LocalTime(), Interfaces()));
        _cluster.Watch?.CarrierChanged(this);
    }
}
