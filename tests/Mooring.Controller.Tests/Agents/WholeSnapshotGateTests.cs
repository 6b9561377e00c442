using Mooring.Controller.Agents;

namespace Mooring.Controller.Tests.Agents;

public sealed class WholeSnapshotGateTests
{
    [Fact]
    public async Task SendAsync_MoreThanMayAtOnce_TakeTurns()
    {
        using var gate = new WholeSnapshotGate(TimeProvider.System);
        var (sending, most) = (0, 0);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task SendAsync(CancellationToken cancellationToken)
        {
            var now = Interlocked.Increment(ref sending);
            most = Math.Max(most, now);
            if (now == WholeSnapshotGate.MaxAtOnce)
            {
                all.TrySetResult();
            }

            await all.Task.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref sending);
        }

        await Task.WhenAll(Enumerable.Range(0, 10 * WholeSnapshotGate.MaxAtOnce)
            .Select(_ => gate.SendAsync(SendAsync, TestContext.Current.CancellationToken)));

        most.ShouldBe(WholeSnapshotGate.MaxAtOnce);
        sending.ShouldBe(0);
    }

    [Fact]
    public async Task SendAsync_Failed_GivesItsTurnBack()
    {
        using var gate = new WholeSnapshotGate(TimeProvider.System);
        for (var i = 0; i < 2 * WholeSnapshotGate.MaxAtOnce; i++)
        {
            await Should.ThrowAsync<IOException>(
                gate.SendAsync(_ => throw new IOException("reset"), TestContext.Current.CancellationToken));
        }
    }
}
