using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Finds out when the kernel forwards the first new flow to an address that was just taken, from the counters of its
/// services: read every <see cref="Interval"/> for a second at most, and not at all while nothing was taken.
/// </summary>
/// <param name="readCounters">Reads the counters of all services at once.</param>
internal sealed partial class FirstPacketWatch(
    Func<CancellationToken, Task<IReadOnlyList<ServiceCounters>>> readCounters,
    TimeProvider timeProvider,
    ILogger<FirstPacketWatch> logger) : BackgroundService
{
    /// <summary>How far the time found may be late.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Channel<Watched> _requests = Channel.CreateUnbounded<Watched>();

    /// <summary>Calls <paramref name="seen"/> once with the time, or never when no flow comes.</summary>
    public void Watch(IPAddress address, Action<DateTimeOffset> seen) =>
        _requests.Writer.TryWrite(new Watched(address, seen, timeProvider.GetTimestamp()));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watched = new List<Watched>();
        try
        {
            while (await _requests.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                do
                {
                    while (_requests.Reader.TryRead(out var request))
                    {
                        watched.Add(request);
                    }

                    await LookAsync(watched, stoppingToken).ConfigureAwait(false);
                }
                while (watched.Count > 0);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is not found now is of no use any more.
        }
    }

    private async Task LookAsync(List<Watched> watched, CancellationToken cancellationToken)
    {
        var start = timeProvider.GetTimestamp();
        try
        {
            var packets = Sum(await readCounters(cancellationToken).ConfigureAwait(false));
            var now = timeProvider.GetUtcNow();
            watched.RemoveAll(one => one.Look(packets.GetValueOrDefault(one.Address), now));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRead(logger, exception);
            watched.Clear();
        }

        watched.RemoveAll(one => timeProvider.GetElapsedTime(one.Since) >= Patience);
        if (watched.Count > 0)
        {
            // A large table takes long to read; reading it takes at most a third of the time.
            var pause = timeProvider.GetElapsedTime(start) * 2;
            await Task.Delay(pause > Interval ? pause : Interval, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Dictionary<IPAddress, long> Sum(IReadOnlyList<ServiceCounters> counters)
    {
        var packets = new Dictionary<IPAddress, long>();
        foreach (var service in counters)
        {
            packets[service.Address] = packets.GetValueOrDefault(service.Address) + service.Packets;
        }

        return packets;
    }

    private sealed class Watched(IPAddress address, Action<DateTimeOffset> seen, long since)
    {
        private long? _before;

        public IPAddress Address => address;

        public long Since => since;

        /// <returns>True when there is nothing more to look for.</returns>
        public bool Look(long packets, DateTimeOffset now)
        {
            _before ??= packets;
            if (packets == _before)
            {
                return false;
            }

            seen(now);
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The kernel's counters could not be read; the first packet of a takeover is not told")]
        public static partial void NotRead(ILogger logger, Exception exception);
    }
}
