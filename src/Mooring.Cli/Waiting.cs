namespace Mooring.Cli;

/// <summary>Asks until there is an answer.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <returns>Null when there was none within the time.</returns>
    public static async Task<T?> ForAsync<T>(Func<Task<T?>> ask, TimeSpan timeout, CancellationToken cancellationToken)
        where T : class
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await ask().ConfigureAwait(false) is { } answer)
            {
                return answer;
            }

            if (TimeProvider.System.GetElapsedTime(start) > timeout)
            {
                return null;
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }
}
