namespace Mooring.Benchmarks.Heartbeat;

/// <summary>Keeps the runtime as busy as a bad program would: collections that stop all threads, and a flooded thread pool.</summary>
internal sealed class RuntimeLoad : IDisposable
{
    private const int Kept = 50_000;
    private static readonly TimeSpan BetweenCollections = TimeSpan.FromMilliseconds(100);

    private readonly ManualResetEventSlim _ended = new(initialState: false);
    private readonly object?[] _kept = new object?[Kept];
    private readonly Thread? _collector;

    public RuntimeLoad(bool collect, bool flood)
    {
        if (collect)
        {
            _collector = new Thread(Collect) { IsBackground = true, Name = "collector" };
            _collector.Start();
        }

        for (var i = 0; flood && i < Environment.ProcessorCount * 16; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Spin(), null);
        }
    }

    public void Dispose()
    {
        _ended.Set();
        _collector?.Join();
    }

    /// <summary>50,000 small live objects, some of them new each time, and everything collected and compacted.</summary>
    private void Collect()
    {
        var random = new Random(1);
        do
        {
            for (var i = 0; i < Kept / 10; i++)
            {
                _kept[random.Next(Kept)] = new byte[64];
            }

            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        }
        while (!_ended.Wait(BetweenCollections));
    }

    /// <summary>An item of the pool that computes for a while and queues its successor.</summary>
    private void Spin()
    {
        for (var i = 0; i < 200_000 && !_ended.IsSet; i++)
        {
            Thread.SpinWait(20);
        }

        if (!_ended.IsSet)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Spin(), null);
        }
    }
}
