namespace Mooring.Controller.Tests;

/// <summary>Awaits a condition. The limit is far above what is ever needed, for machines that are busy.</summary>
internal static class Until
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static Task TrueAsync(Func<bool> condition, string what) =>
        TrueAsync(() => Task.FromResult(condition()), () => what);

    public static async Task TrueAsync(Func<Task<bool>> condition, Func<string> what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Limit)
            {
                throw new TimeoutException($"not within {Limit}: {what()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
