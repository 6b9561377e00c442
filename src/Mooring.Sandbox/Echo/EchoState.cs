using System.Collections.Concurrent;
using System.Net;

namespace Mooring.Sandbox.Echo;

/// <summary>What the servers of one echo program share.</summary>
internal sealed class EchoState(EchoIdentity identity, TimeProvider time)
{
    private const int MaxFailingAnswers = 100;
    private const int MaxClients = 100;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _lastRequests = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<DateTimeOffset> _failingAnswers = [];
    private long _requests;
    private volatile PodFailure _failure;
    private TaskCompletionSource _healed = CreateHealed(done: true);

    public EchoIdentity Identity => identity;

    public TimeProvider Time => time;

    public long Requests => Interlocked.Read(ref _requests);

    public PodFailure Failure
    {
        get => _failure;
        set
        {
            _failure = value;
            if (value == PodFailure.None)
            {
                _failingAnswers.Clear();
            }

            if (value == PodFailure.Hang)
            {
                if (_healed.Task.IsCompleted)
                {
                    _healed = CreateHealed(done: false);
                }
            }
            else
            {
                _healed.TrySetResult();
            }
        }
    }

    /// <summary>When a request was last counted, by the client's address.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LastRequests => _lastRequests;

    /// <summary>When health checks were answered by a failure since it fails, newest last.</summary>
    public IReadOnlyList<DateTimeOffset> FailingAnswers => [.. _failingAnswers];

    public long CountRequest(EndPoint? client)
    {
        var address = client is IPEndPoint { Address: var from }
            ? (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString()
            : "";
        if (_lastRequests.Count < MaxClients || _lastRequests.ContainsKey(address))
        {
            _lastRequests[address] = time.GetUtcNow();
        }

        return Interlocked.Increment(ref _requests);
    }

    /// <summary>A health check was answered by a failure.</summary>
    public void NoteFailingAnswer()
    {
        _failingAnswers.Enqueue(time.GetUtcNow());
        while (_failingAnswers.Count > MaxFailingAnswers)
        {
            _failingAnswers.TryDequeue(out _);
        }
    }

    /// <summary>Waits while the program hangs.</summary>
    public Task WaitWhileHangingAsync(CancellationToken cancellationToken) => _healed.Task.WaitAsync(cancellationToken);

    private static TaskCompletionSource CreateHealed(bool done)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (done)
        {
            source.SetResult();
        }

        return source;
    }
}
