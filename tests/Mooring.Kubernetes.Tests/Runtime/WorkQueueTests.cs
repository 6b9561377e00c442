using System.Threading.Channels;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Runtime;

public sealed class WorkQueueTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new WorkQueue<string>(
        new WorkQueueOptions { BaseDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(10) }, _time);

    public void Dispose() => _queue.Dispose();

    [Fact]
    public async Task Add_SeveralTimes_IsHandedOutOnceInOrder()
    {
        _queue.Add("a");
        _queue.Add("b");
        _queue.Add("a");

        _queue.Count.ShouldBe(2);
        (await GetAsync()).ShouldBe("a");
        (await GetAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task Add_WhileItIsWorkedOn_ComesAgainAfterDoneAndNotBefore()
    {
        _queue.Add("a");
        await GetAsync();

        _queue.Add("a");
        _queue.Add("a");
        _queue.Count.ShouldBe(0);

        _queue.Done("a");
        (await GetAsync()).ShouldBe("a");
        _queue.Done("a");
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Get_EmptyQueue_WaitsForAKey()
    {
        var get = _queue.GetAsync(CancellationToken.None).AsTask();
        get.IsCompleted.ShouldBeFalse();

        _queue.Add("a");

        (await get.SoonAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task Get_Cancelled_Throws()
    {
        using var stop = new CancellationTokenSource();
        var get = _queue.GetAsync(stop.Token).AsTask();

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => get);
    }

    [Fact]
    public async Task Get_DisposedQueue_Throws()
    {
        _queue.Dispose();
        _queue.Add("a");
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));

        await Should.ThrowAsync<ChannelClosedException>(() => _queue.GetAsync(CancellationToken.None).AsTask());
    }

    [Fact]
    public void AddAfter_BeforeItsTime_IsNotHandedOut()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(2));

        _time.Advance(TimeSpan.FromSeconds(1.9));
        _queue.Count.ShouldBe(0);

        _time.Advance(TimeSpan.FromSeconds(0.2));
        _queue.Count.ShouldBe(1);
    }

    [Fact]
    public void AddAfter_SeveralKeys_ComeInTheOrderOfTheirTimes()
    {
        _queue.AddAfter("late", TimeSpan.FromSeconds(3));
        _queue.AddAfter("early", TimeSpan.FromSeconds(1));
        _queue.AddAfter("now", TimeSpan.Zero);

        _queue.Count.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1.1));
        _queue.Count.ShouldBe(2);
        _time.Advance(TimeSpan.FromSeconds(2));
        _queue.Count.ShouldBe(3);
    }

    [Fact]
    public async Task AddAfter_SameKeyTwice_TheEarliestHolds()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));
        _queue.AddAfter("a", TimeSpan.FromSeconds(9));

        _time.Advance(TimeSpan.FromSeconds(1.1));
        (await GetAsync()).ShouldBe("a");
        _queue.Done("a");

        _time.Advance(TimeSpan.FromMinutes(1));
        _queue.Count.ShouldBe(0);
    }

    [Fact]
    public void AddAfter_HundredDays_IsHandedOutThen()
    {
        _queue.AddAfter("a", TimeSpan.FromDays(100));

        _time.Advance(TimeSpan.FromDays(99));
        _queue.Count.ShouldBe(0);
        _time.Advance(TimeSpan.FromDays(1.1));
        _queue.Count.ShouldBe(1);
    }

    [Fact]
    public async Task AddRateLimited_RepeatedFailures_DoublesUpToTheCap()
    {
        double[] ceilings = [1, 2, 4, 8, 10, 10];
        foreach (var ceiling in ceilings)
        {
            _queue.AddRateLimited("a");
            _time.Advance(TimeSpan.FromSeconds(ceiling * 0.74));
            _queue.Count.ShouldBe(0, $"before {ceiling} s less the jitter");
            _time.Advance(TimeSpan.FromSeconds(ceiling * 0.27));
            (await GetAsync()).ShouldBe("a");
            _queue.Done("a");
        }

        _queue.Failures("a").ShouldBe(6);
    }

    [Fact]
    public void Forget_AfterFailures_StartsFromTheShortestDelay()
    {
        for (var i = 0; i < 5; i++)
        {
            _queue.AddRateLimited("other");
        }

        _queue.Forget("other");
        _queue.AddRateLimited("other");

        // The five earlier delays still stand; the earliest of them is the first.
        _time.Advance(TimeSpan.FromSeconds(1.1));
        _queue.Count.ShouldBe(1);
        _queue.Failures("other").ShouldBe(1);
    }

    [Fact]
    public async Task Workers_ManyAtOnce_NeverHaveOneKeyTwiceAndLoseNone()
    {
        const int Keys = 20;
        var running = new int[Keys];
        var last = new int[Keys];
        var wanted = new int[Keys];
        var overlaps = 0;
        using var queue = new WorkQueue<int>(new WorkQueueOptions(), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var key = await queue.GetAsync(stop.Token);
                overlaps += Interlocked.Increment(ref running[key]) == 1 ? 0 : 1;
                Volatile.Write(ref last[key], Volatile.Read(ref wanted[key]));
                await Task.Yield();
                Interlocked.Decrement(ref running[key]);
                queue.Done(key);
            }
        })).ToList();

        for (var i = 0; i < 20_000; i++)
        {
            Interlocked.Increment(ref wanted[i % Keys]);
            queue.Add(i % Keys);
        }

        await Eventually.TrueAsync(() => Enumerable.Range(0, Keys).All(
            key => Volatile.Read(ref last[key]) == wanted[key] && Volatile.Read(ref running[key]) == 0));
        await stop.CancelAsync();
        await Task.WhenAll(workers).ContinueWith(_ => { }, TaskScheduler.Default);

        overlaps.ShouldBe(0);
    }

    private Task<string> GetAsync() => _queue.GetAsync(CancellationToken.None).AsTask().SoonAsync();
}
