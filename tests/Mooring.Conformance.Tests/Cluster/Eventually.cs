namespace Mooring.Conformance.Tests.Cluster;

/// <summary>Waits for what the server or other tasks do; long only when the test fails.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    public static Task TrueAsync(Func<bool> condition, string? what = null) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, string? what = null)
    {
        if (!await WithinAsync(Patience, condition))
        {
            throw new TimeoutException($"never came true: {what}");
        }
    }

    /// <summary>Whether it comes true within a time; for what a cluster need not have.</summary>
    public static async Task<bool> WithinAsync(TimeSpan limit, Func<Task<bool>> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > limit)
            {
                return false;
            }

            await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
        }

        return true;
    }

    public static Task SoonAsync(this Task task) => task.WaitAsync(Patience);

    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(Patience);
}
