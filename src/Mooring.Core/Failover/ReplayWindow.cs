namespace Mooring.Core.Failover;

/// <summary>
/// The sequence numbers lately accepted from one sender. Each counts once; reordering within the window is fine. A
/// larger epoch starts anew, a smaller one is refused while the sender is heard, and one that was left for good. What the
/// sender said to an earlier start of this node is refused too: this start could not tell whether it is a replay.
/// </summary>
internal sealed class ReplayWindow(ulong ownEpoch, FailoverRules rules)
{
    private const int Size = 64;

    /// <summary>How many starts of the sender are told from new ones.</summary>
    private const int Remembered = 64;

    /// <summary>
    /// A sender that lost its disk and whose clock went back starts with a smaller epoch. It is accepted when nothing
    /// was heard for this long, as the machine by then takes the earlier start for dead.
    /// </summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(10);

    private readonly Queue<ulong> _left = [];
    private ulong _epoch;
    private ulong _highest;

    /// <summary>Bit n: the number n below the highest was seen.</summary>
    private ulong _seen;
    private TimeSpan _lastAccepted;

    public HeartbeatDecodeResult Accept(ulong epoch, ulong sequence, ulong receiverEpoch, TimeSpan now)
    {
        if (!rules.ReplaysAreRefused)
        {
            return HeartbeatDecodeResult.Ok;
        }

        if (receiverEpoch != 0 && receiverEpoch != ownEpoch)
        {
            return HeartbeatDecodeResult.Stale;
        }

        if (!Accept(epoch, sequence, now))
        {
            return HeartbeatDecodeResult.Replayed;
        }

        _lastAccepted = now;
        return HeartbeatDecodeResult.Ok;
    }

    private bool Accept(ulong epoch, ulong sequence, TimeSpan now)
    {
        if (epoch != _epoch)
        {
            if (_left.Contains(epoch) || (epoch < _epoch && now - _lastAccepted < ForgetAfter))
            {
                return false;
            }

            if (_left.Count == Remembered)
            {
                _left.Dequeue();
            }

            _left.Enqueue(_epoch);

            // What came before the first packet may have been for an earlier start of this node.
            _epoch = epoch;
            _highest = sequence;
            _seen = ulong.MaxValue;
            return true;
        }

        if (sequence > _highest)
        {
            var ahead = sequence - _highest;
            _seen = ahead >= Size ? 1 : (_seen << (int)ahead) | 1;
            _highest = sequence;
            return true;
        }

        var behind = _highest - sequence;
        if (behind >= Size || (_seen & (1UL << (int)behind)) != 0)
        {
            return false;
        }

        _seen |= 1UL << (int)behind;
        return true;
    }
}
