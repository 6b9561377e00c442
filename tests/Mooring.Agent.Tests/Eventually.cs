namespace Mooring.Agent.Tests;

/// <summary>Awaits a condition; the limit is only there so that a broken test ends.</summary>
internal static class Eventually
{
    public static async Task<T> GetAsync<T>(Func<T?> probe, string what, int seconds = 60)
        where T : class
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (probe() is { } value)
            {
                return value;
            }

            (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(seconds)).ShouldBeTrue($"{what} within {seconds} s");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public static Task HoldsAsync(Func<bool> condition, string what, int seconds = 60) =>
        GetAsync<object>(() => condition() ? what : null, what, seconds);
}
