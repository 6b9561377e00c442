namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>Waits for what other threads do; generous, as it only ever waits long when the test fails.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static async Task TrueAsync(Func<bool> condition, string? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"never came true: {what}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }

    /// <summary>A moment for continuations to run.</summary>
    public static Task SettleAsync() => Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);

    public static Task<T> SoonAsync<T>(this Task<T> task) => task.WaitAsync(Patience);

    public static Task SoonAsync(this Task task) => task.WaitAsync(Patience);
}
