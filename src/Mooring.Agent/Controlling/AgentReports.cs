using System.Threading.Channels;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Controlling;

/// <summary>
/// What is waiting to be told to the controller. Bounded: facts, health and loads keep only the latest word, takeovers and
/// conflicts the most recent ones, and all of it survives a time without a controller.
/// </summary>
internal sealed class AgentReports
{
    private const int MaxHolderReports = 1024;
    private const int MaxConflicts = 64;

    private readonly Lock _gate = new();
    private readonly Queue<HolderReport> _holders = [];
    private readonly Queue<ConflictReport> _conflicts = [];
    private readonly Dictionary<(string, string, uint), EndpointHealth> _health = [];
    private readonly Queue<Ack> _acks = [];
    private readonly Queue<AddressProbeResult> _probed = [];
    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private TaskCompletionSource _drained = new();
    private NodeFacts? _facts;
    private LoadReport? _load;
    private Credential? _credential;
    private bool _taken;

    private bool IsEmpty =>
        _holders.Count == 0 && _acks.Count == 0 && _probed.Count == 0 && _health.Count == 0 && _conflicts.Count == 0 && _facts is null && _load is null
        && _credential is null;

    public void Add(HolderReport report) => Change(() => Enqueue(_holders, report, MaxHolderReports));

    public void Add(ConflictReport report) => Change(() => Enqueue(_conflicts, report, MaxConflicts));

    public void Add(AddressProbeResult result) => Change(() => Enqueue(_probed, result, MaxConflicts));

    public void Add(Ack ack) => Change(() => _acks.Enqueue(ack));

    public void Set(NodeFacts facts) => Change(() => _facts = facts);

    public void Set(LoadReport load) => Change(() => _load = load);

    /// <summary>Belongs to the stream that is open; the next one begins with a token of its own.</summary>
    public void Set(Credential credential) => Change(() => _credential = credential);

    public void Set(EndpointHealth health) =>
        Change(() => _health[(health.BackendSetId, health.Address, health.Port)] = health);

    /// <summary>A new stream begins with a Hello that tells facts and health, and owes no acknowledgements.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _facts = null;
            _load = null;
            _credential = null;
            _health.Clear();
            _acks.Clear();
            _probed.Clear();
            _taken = false;
        }
    }

    /// <summary>The next message to send; waits for one.</summary>
    public async Task<AgentMessage> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (TryTake() is { } message)
                {
                    _taken = true;
                    return message;
                }
            }

            await _wake.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The message taken last is sent.</summary>
    public void Sent()
    {
        lock (_gate)
        {
            _taken = false;
            if (IsEmpty)
            {
                _drained.TrySetResult();
            }
        }
    }

    /// <summary>Completes when nothing waits to be sent.</summary>
    public Task DrainedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (IsEmpty && !_taken)
            {
                return Task.CompletedTask;
            }

            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A takeover that could not be sent after all goes back, to be told on the next stream.</summary>
    public void PutBack(AgentMessage message)
    {
        if (message.Holder is { } report)
        {
            Change(() =>
            {
                var later = _holders.ToArray();
                _holders.Clear();
                _holders.Enqueue(report);
                Array.ForEach(later, _holders.Enqueue);
            });
        }
    }

    private AgentMessage? TryTake()
    {
        if (_holders.TryDequeue(out var holder))
        {
            return new AgentMessage { Holder = holder };
        }

        if (_acks.TryDequeue(out var ack))
        {
            return new AgentMessage { Ack = ack };
        }

        if (_probed.TryDequeue(out var probed))
        {
            return new AgentMessage { Probed = probed };
        }

        if (_health.Count > 0)
        {
            var report = new HealthReport();
            report.Endpoints.AddRange(_health.Values);
            _health.Clear();
            return new AgentMessage { Health = report };
        }

        if (_facts is { } facts)
        {
            _facts = null;
            return new AgentMessage { Facts = facts };
        }

        if (_credential is { } credential)
        {
            _credential = null;
            return new AgentMessage { Credential = credential };
        }

        if (_conflicts.TryDequeue(out var conflict))
        {
            return new AgentMessage { Conflict = conflict };
        }

        var load = _load;
        _load = null;
        return load is null ? null : new AgentMessage { Load = load };
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
        }

        _wake.Writer.TryWrite(0);
    }

    private static void Enqueue<T>(Queue<T> queue, T item, int max)
    {
        if (queue.Count == max)
        {
            queue.Dequeue();
        }

        queue.Enqueue(item);
    }
}
