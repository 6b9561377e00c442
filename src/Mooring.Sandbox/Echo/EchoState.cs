namespace Mooring.Sandbox.Echo;

/// <summary>What the servers of one echo program share.</summary>
internal sealed class EchoState(EchoIdentity identity, TimeProvider time)
{
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

    public long CountRequest() => Interlocked.Increment(ref _requests);

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
