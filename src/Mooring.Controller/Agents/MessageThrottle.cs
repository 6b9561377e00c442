using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace Mooring.Controller.Agents;

/// <summary>
/// Bounds what one agent costs: beyond its share its messages are read late, and flow control makes it wait. Nothing is
/// lost and nobody is cut off, as a node that takes over thousands of addresses has thousands of things to tell.
/// </summary>
internal sealed partial class MessageThrottle(string node, AgentConnectionMetrics metrics, ILogger logger) : IDisposable
{
    /// <summary>Two reports of each of 10,000 addresses, and more.</summary>
    public const int Burst = 25_000;
    public const int PerSecond = 1_000;

    /// <summary>Large messages cost more: one unit for each 4 KiB.</summary>
    private const int BytesPerUnit = 4096;

    private readonly TokenBucketRateLimiter _limiter = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = Burst,
        TokensPerPeriod = PerSecond / 10,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
        QueueLimit = Burst,
    });

    private bool _told;

    /// <summary>Waits until the message may be taken.</summary>
    /// <param name="bytes">At most <c>SnapshotLimits.MaxAgentMessageBytes</c>.</param>
    public async ValueTask EnterAsync(int bytes, CancellationToken cancellationToken)
    {
        var cost = 1 + (bytes / BytesPerUnit);
        using (var lease = _limiter.AttemptAcquire(cost))
        {
            if (lease.IsAcquired)
            {
                return;
            }
        }

        metrics.Throttled();
        if (!_told)
        {
            _told = true;
            Log.Throttled(logger, node, PerSecond);
        }

        (await _limiter.AcquireAsync(cost, cancellationToken)).Dispose();
    }

    public void Dispose() => _limiter.Dispose();

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Agent of {Node} sends more than {Rate} messages a second: they are read later")]
        public static partial void Throttled(ILogger logger, string node, int rate);
    }
}
