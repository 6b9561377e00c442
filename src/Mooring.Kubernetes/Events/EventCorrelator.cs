using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.Events;

/// <summary>
/// client-go's correlator: repetitions are counted, many similar Events become one that is counted, and an object that
/// is talked about without end is heard of only now and then. What is held back is counted all the same. For one thread.
/// </summary>
internal sealed class EventCorrelator(EventRecorderOptions options, TimeProvider time)
{
    /// <summary>client-go's words.</summary>
    private const string CombinedPrefix = "(combined from similar events): ";

    private readonly LruCache<EventGroup, SimilarEvents> _similar = new(options.CacheSize);
    private readonly LruCache<EventKey, SentEvent> _seen = new(options.CacheSize);
    private readonly LruCache<EventObject, TokenBucket> _rates = new(options.CacheSize);

    /// <returns>Null when there were too many about this object.</returns>
    public CorrelatedEvent? Correlate(RecordedEvent recorded)
    {
        var combined = IsOneOfMany(recorded);
        var key = new EventKey(recorded.Group, combined ? null : recorded.Message);
        var seen = _seen.TryGet(key, out var before)
            ? before with { Count = before.Count + 1 }
            : new SentEvent(null, recorded.At, 1);
        _seen.Set(key, seen);
        if (!Rate(recorded.Object).TryTake())
        {
            return null;
        }

        var message = combined ? EventMessage.Cut(CombinedPrefix + recorded.Message) : recorded.Message;
        return new CorrelatedEvent(recorded, key, message, seen);
    }

    /// <summary>The server has the Event under this name.</summary>
    public void Sent(CorrelatedEvent told, string name) => _seen.Set(told.Key, told.Seen with { Name = name });

    private bool IsOneOfMany(RecordedEvent recorded)
    {
        var now = time.GetTimestamp();
        if (!_similar.TryGet(recorded.Group, out var similar)
            || time.GetElapsedTime(similar.LastAt, now) > options.SimilarWithin)
        {
            similar = new SimilarEvents();
            _similar.Set(recorded.Group, similar);
        }

        return similar.Add(recorded.Message, options.MaxSimilar, now);
    }

    private TokenBucket Rate(EventObject about)
    {
        if (!_rates.TryGet(about, out var bucket))
        {
            bucket = new TokenBucket(options.PerSecond, options.Burst, time);
            _rates.Set(about, bucket);
        }

        return bucket;
    }
}
