using Microsoft.Extensions.Logging;
using Mooring.Core.Failover;

namespace Mooring.Agent.Failover;

/// <summary>Tells of refused heartbeats, of each kind once a minute: a flood of them must not become one of lines.</summary>
internal sealed partial class RefusalLog(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly long?[] _told = new long?[Enum.GetValues<HeartbeatDecodeResult>().Length];
    private readonly long[] _since = new long[Enum.GetValues<HeartbeatDecodeResult>().Length];

    /// <summary>Called by the failover thread alone; costs nothing between two lines.</summary>
    public void Refused(HeartbeatDecodeResult result)
    {
        var index = (int)result;
        _since[index]++;
        if (_told[index] is { } told && time.GetElapsedTime(told) < Interval)
        {
            return;
        }

        _told[index] = time.GetTimestamp();
        Log.Refused(logger, _since[index], result);
        _since[index] = 0;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Refused {Count} heartbeats: {Result}")]
        public static partial void Refused(ILogger logger, long count, HeartbeatDecodeResult result);
    }
}
