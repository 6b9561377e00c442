namespace Mooring.Controller.Agents;

/// <summary>
/// Lets a few agents at a time have the whole snapshot. In a large cluster it has tens of megabytes, which are held for
/// each agent that is being sent it: when all agents come at once, all of them at once would not fit into memory.
/// </summary>
internal sealed class WholeSnapshotGate(TimeProvider time) : IDisposable
{
    public const int MaxAtOnce = 8;

    /// <summary>Who reads more slowly than that makes the others wait.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _free = new(MaxAtOnce);

    /// <exception cref="TimeoutException">It was not sent within <see cref="Patience"/>.</exception>
    public async Task SendAsync(Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            try
            {
                await send(either.Token);
            }
            catch (Exception e) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"the snapshot was not read within {Patience.TotalSeconds} s", e);
            }
        }
        finally
        {
            _free.Release();
        }
    }

    public void Dispose() => _free.Dispose();
}
