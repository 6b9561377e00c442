using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Speaker;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Processes;

namespace Mooring.Agent.Failover;

/// <summary>The thread that owns the machine: takes inputs and timers one at a time, and does what the machine says.</summary>
internal sealed partial class FailoverLoop
{
    /// <summary>Packets that may wait; a flood past this is dropped, as any network would.</summary>
    private const int MaxQueuedPackets = 4096;

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly FailoverOptions _options;
    private readonly ISpeaker _speaker;
    private readonly TermStore _terms;
    private readonly FailoverMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<FailoverEvent> _publish;
    private readonly FailoverMachine _machine;
    private readonly HeartbeatInbox _inbox;
    private readonly HeartbeatLinks _links;
    private readonly RefusalLog _refusals;
    private readonly ConcurrentQueue<FailoverInput> _inputs = new();
    private readonly SemaphoreSlim _waiting = new(0);

    /// <summary>Packets that were handled, to be used again: heartbeats leave nothing for the garbage collector.</summary>
    private readonly ConcurrentQueue<FailoverInput.Packet> _handled = new();
    private readonly Dictionary<IPAddress, long> _announced = [];
    private readonly List<IPAddress> _failedHolds = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ImmutableArray<NodeInterface> _interfaces = [];
    private volatile IReadOnlyList<AddressRoleState> _states = [];
    private int _stateVersion = -1;
    private bool _aborted;

    public FailoverLoop(
        FailoverOptions options,
        ISpeaker speaker,
        TermStore terms,
        HeartbeatSocketFactory open,
        FailoverMetrics metrics,
        TimeProvider time,
        ILogger logger,
        Action<FailoverEvent> publish)
    {
        _options = options;
        _speaker = speaker;
        _terms = terms;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _publish = publish;
        _machine = new FailoverMachine(options.NodeName, terms.Terms);
        _refusals = new RefusalLog(time, logger);
        _inbox = new HeartbeatInbox(options.NodeName, terms.Epoch);
        _links = new HeartbeatLinks(options, open, PacketReceived, metrics, time, logger);
    }

    /// <summary>Completes when the thread has ended; faulted when it failed.</summary>
    public Task Completion => _ended.Task;

    public IReadOnlyList<AddressRoleState> States => _states;

    public void Start() => new Thread(Run)
    {
        IsBackground = true,
        Name = "failover",
    }.Start();

    public void Post(FailoverInput input)
    {
        _inputs.Enqueue(input);
        _waiting.Release();
    }

    private TimeSpan Now => _time.GetElapsedTime(0, _time.GetTimestamp());

    /// <summary>Takes a packet from the thread that read it, and gives it another to read into.</summary>
    private FailoverInput.Packet PacketReceived(FailoverInput.Packet packet)
    {
        if (_waiting.CurrentCount >= MaxQueuedPackets)
        {
            _metrics.QueueOverflowed();
            return packet;
        }

        Post(packet);
        return _handled.TryDequeue(out var handled) ? handled : new FailoverInput.Packet();
    }

    private void Run()
    {
        if (!RealTimeThread.TryEnter())
        {
            Log.NotRealTime(_logger);
        }

        try
        {
            while (!_aborted && !_machine.IsStopped)
            {
                Step();
            }

            _ended.SetResult();
        }
        catch (Exception exception)
        {
            // Handed to whoever awaits the end. What is held falls silent at its deadline.
            _ended.SetException(exception);
        }
        finally
        {
            _links.Dispose();
        }
    }

    private void Step()
    {
        var wait = _machine.NextWakeup == TimeSpan.MaxValue ? MaxWait : _machine.NextWakeup - Now;
        if (wait <= TimeSpan.Zero)
        {
            _metrics.TimerLate(-wait);
            Execute(_machine.Tick(Now));
        }
        else if (_waiting.Wait(Milliseconds(wait < MaxWait ? wait : MaxWait)) && _inputs.TryDequeue(out var input))
        {
            Handle(input);
        }

        _links.RetryIfDue();
        PublishStates();
    }

    // Rounded up: a wait that ends early would only be followed by another.
    private static int Milliseconds(TimeSpan wait) => (int)Math.Ceiling(wait.TotalMilliseconds);

    private void Handle(FailoverInput input)
    {
        switch (input)
        {
            case FailoverInput.Packet packet:
                var result = _inbox.Accept(packet.Buffer.AsSpan(0, packet.Length), Now, out var heartbeat, out var sequence);
                _handled.Enqueue(packet);
                _metrics.Received(result);
                if (heartbeat is not null)
                {
                    Execute(_machine.HeartbeatReceived(Now, heartbeat, sequence));
                }
                else if (result != HeartbeatDecodeResult.Ok)
                {
                    _refusals.Refused(result);
                }

                break;
            case FailoverInput.Snapshot snapshot:
                Take(snapshot.Value);
                break;
            case FailoverInput.Interfaces interfaces:
                _interfaces = interfaces.Value;
                _links.Update(_snapshot, _interfaces);
                Execute(_machine.SetInterfaces(Now, _interfaces));
                break;
            case FailoverInput.Controller controller:
                Execute(_machine.SetControllerConnected(Now, controller.Connected));
                break;
            case FailoverInput.Gateway gateway:
                Execute(_machine.SetGatewayReachable(Now, gateway.InterfaceName, gateway.Family, gateway.Reachable));
                break;
            case FailoverInput.ObservedClaim claim:
                Execute(_machine.ClaimObserved(Now, claim.Address, claim.MacAddress));
                break;
            case FailoverInput.Stop:
                Execute(_machine.RequestStop(Now));
                break;
            case FailoverInput.Abort:
                _aborted = true;
                break;
        }
    }

    private void Take(ClusterSnapshot snapshot)
    {
        if (snapshot.HeartbeatKeys.IsEmpty && snapshot.Nodes.Length > 1)
        {
            // Without a key nobody hears anybody, and every candidate would claim every address.
            Log.NoKeys(_logger, snapshot.Revision);
            return;
        }

        _snapshot = snapshot;
        _inbox.Configure(snapshot);
        _links.Update(snapshot, _interfaces);
        _speaker.Watch([.. snapshot.VirtualIps
            .SelectMany(vip => vip.Addresses)
            .Where(intent => intent.Candidates.Contains(_options.NodeName))
            .Select(intent => intent.Address)]);
        Execute(_machine.ApplySnapshot(Now, snapshot));
    }

    private void Execute(IReadOnlyList<FailoverAction> actions)
    {
        for (var i = 0; i < actions.Count; i++)
        {
            Execute(actions[i]);
        }

        // After the list: telling the machine of a failure makes it write a new one.
        while (_failedHolds.Count > 0)
        {
            var failed = _failedHolds[^1];
            _failedHolds.RemoveAt(_failedHolds.Count - 1);
            Execute(_machine.HoldFailed(Now, failed));
        }
    }

    private void Execute(FailoverAction action)
    {
        switch (action)
        {
            case FailoverAction.PersistTerm persist:
                _terms.Reserve(persist.Address, persist.Highest);
                break;
            case FailoverAction.Hold hold:
                _terms.EnsureDurable(hold.Address, hold.Term);
                Hold(hold.Address, hold.Deadline);
                break;
            case FailoverAction.Announce announce:
                Hold(announce.Address, announce.Deadline);
                break;
            case FailoverAction.ExtendDeadline extend:
                _speaker.ExtendDeadline(extend.Address, Timestamp(extend.Deadline));
                break;
            case FailoverAction.Release release:
                _speaker.Release(release.Address);
                break;
            case FailoverAction.SendHeartbeat heartbeat:
                _links.Send(heartbeat, _terms.Epoch, _machine.Revision);
                break;
            case FailoverAction.HolderChanged changed:
                Publish(changed);
                break;
            case FailoverAction.MoveGivenUp given:
                Log.MoveGivenUp(_logger, given.Address, given.Move.To, given.Move.Id);
                break;
            case FailoverAction.Conflict conflict:
                Publish(conflict);
                break;
        }
    }

    private void Hold(IPAddress address, TimeSpan deadline)
    {
        try
        {
            _announced[address] = _speaker.Hold(address, Timestamp(deadline));
        }
        catch (Exception exception) when (
            exception is InvalidOperationException or SystemCallException or SocketException)
        {
            Log.NotAnnounced(_logger, address, exception);
            _announced.Remove(address);
            _failedHolds.Add(address);
        }
    }

    private void Publish(FailoverAction.HolderChanged changed)
    {
        var held = changed.Role is AddressRole.Holder or AddressRole.Yielding;
        _announced.Remove(changed.Address, out var announced);
        var change = new FailoverEvent.HolderChange
        {
            Address = changed.Address,
            At = _time.GetUtcNow(),
            Role = changed.Role,
            Term = changed.Term,
            PreviousHolder = changed.PreviousHolder,
            Reason = changed.Reason,
            Phases = changed.Phases,
            Times = announced != 0 && changed.Phases is { } phases ? Times(phases, announced) : null,
            Takeover = held && announced != 0 ? _time.GetElapsedTime(Timestamp(_machine.Now), announced) : TimeSpan.Zero,
        };
        _metrics.HolderChanged(change);
        Log.HolderChanged(_logger, change.Address, change.Role, change.Term, change.Reason, change.PreviousHolder);
        _publish(change);
    }

    private FailoverTimes Times(FailoverPhases phases, long announced)
    {
        var wall = _time.GetUtcNow();
        var now = Now;
        return new FailoverTimes(
            phases.LastHeard is { } heard ? wall - (now - heard) : null,
            wall - (now - phases.Detected),
            wall - (now - phases.Claimed),
            wall - _time.GetElapsedTime(announced));
    }

    private void Publish(FailoverAction.Conflict conflict)
    {
        var told = new FailoverEvent.Conflict
        {
            Address = conflict.Address,
            At = _time.GetUtcNow(),
            Node = conflict.Node,
            MacAddress = conflict.MacAddress,
        };
        _metrics.Conflict(told);
        Log.Conflict(_logger, told.Address, told.Node ?? "a foreign host", told.MacAddress?.ToString());
        _publish(told);
    }

    private void PublishStates()
    {
        if (_machine.Version == _stateVersion)
        {
            return;
        }

        _stateVersion = _machine.Version;
        var now = Now;
        var wall = _time.GetUtcNow();
        _states = [.. _machine.Views().Select(view => new AddressRoleState
        {
            Address = view.Address,
            VirtualIp = view.VirtualIp,
            Role = view.Role,
            Term = view.Term,
            Holder = view.Holder,
            Since = wall - (now - view.Since),
            Isolated = view.Isolated,
        })];
    }

    private long Timestamp(TimeSpan time) =>
        (long)((Int128)time.Ticks * _time.TimestampFrequency / TimeSpan.TicksPerSecond);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message =
            "No real-time priority (needs CAP_SYS_NICE): a machine that is short of CPU may fence this node")]
        public static partial void NotRealTime(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information,
            Message = "{Address} is {Role} here, term {Term}: {Reason} (before: {PreviousHolder})")]
        public static partial void HolderChanged(
            ILogger logger, IPAddress address, AddressRole role, ulong term, HolderChangeReason reason, string? previousHolder);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Address} is also claimed by {Node} ({MacAddress})")]
        public static partial void Conflict(ILogger logger, IPAddress address, string node, string? macAddress);

        [LoggerMessage(Level = LogLevel.Warning,
            Message = "{Address} stays here: {Node} did not take it over in time (move {Move})")]
        public static partial void MoveGivenUp(ILogger logger, IPAddress address, string node, ulong move);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Address} cannot be announced; another node is asked to")]
        public static partial void NotAnnounced(ILogger logger, IPAddress address, Exception exception);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "Snapshot {Revision} has no heartbeat keys: failover goes on with the snapshot before")]
        public static partial void NoKeys(ILogger logger, ulong revision);
    }
}
