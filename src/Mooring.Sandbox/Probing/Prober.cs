using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Mooring.Sandbox.Probing;

/// <summary>
/// A steady client: starts a request on a new connection at every tick of its interval, whatever became of the ones
/// before, so that an outage is seen with the resolution of the interval.
/// </summary>
internal sealed class Prober(ProbeOptions options, IProbeTarget target, TimeProvider time)
{
    private const int WarmUpRequests = 10;
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<ProbeSample> _samples = [];

    /// <summary>Requests finished so far, in the order in which they finished.</summary>
    public IReadOnlyCollection<ProbeSample> Samples => _samples;

    /// <summary>Asks until the duration is over or <paramref name="stop"/> is cancelled; that is no failure.</summary>
    public async Task<ProbeReport> RunAsync(CancellationToken stop)
    {
        await WarmUpAsync(stop);
        var started = time.GetTimestamp();
        var startedAt = time.GetUtcNow();
        List<Task> open = [];
        using var timer = new PeriodicTimer(options.Interval, time);
        long number = 0;
        while (!stop.IsCancellationRequested)
        {
            var now = time.GetElapsedTime(started);
            if (now > options.Duration)
            {
                break;
            }

            // Ticks that a busy machine swallowed are made up for, so that the rate stays what it says.
            for (; number * options.Interval <= now; number++)
            {
                open.Add(AskAsync(started));
            }

            open.RemoveAll(task => task.IsCompletedSuccessfully);
            try
            {
                await timer.WaitForNextTickAsync(stop);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        await Task.WhenAll(open);
        return ProbeReport.From(options.Url, _samples, startedAt);
    }

    /// <summary>Runs everything a few times without counting, so that no compilation is measured.</summary>
    private async Task WarmUpAsync(CancellationToken stop)
    {
        var started = time.GetTimestamp();
        for (var i = 0; i < WarmUpRequests && !stop.IsCancellationRequested; i++)
        {
            await AskAsync(started);
            if (time.GetElapsedTime(started) > LongestWarmUp)
            {
                break;
            }
        }

        _samples.Clear();
    }

    private async Task AskAsync(long started)
    {
        var asked = time.GetTimestamp();
        var (pod, port) = ("", 0);
        string? error = null;
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        try
        {
            pod = await target.AskAsync(own => port = own, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            error = "timeout";
        }
        catch (SocketException exception)
        {
            error = exception.SocketErrorCode.ToString();
        }
        catch (ProbeFailedException exception)
        {
            error = exception.Message;
        }

        _samples.Enqueue(new ProbeSample(
            time.GetElapsedTime(started, asked), time.GetElapsedTime(asked), pod, error) { Port = port });
    }
}
