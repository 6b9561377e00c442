using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>
/// How often the candidates of an address are sent heartbeats, and after which silence its holder is lost. The nodes hear of a
/// change of these times one after the other. Until every candidate that is heard works from a snapshot that has it, and
/// for the longer silence after that (a holder may answer so long by what it sent before), a node sends as often and
/// answers as short as the shorter times ask for, and waits for others as long as the longer allow: so no standby takes a
/// slower holder for a silent one.
/// </summary>
internal sealed class DetectionTimes
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(5);

    private TimeSpan _interval = VirtualIpIntent.DefaultHeartbeatInterval;
    private TimeSpan _detect = VirtualIpIntent.DefaultHeartbeatInterval * VirtualIpIntent.DefaultDetectMultiplier;
    private ulong _since;
    private ulong _revision;
    private TimeSpan? _knownSince;
    private bool _configured;

    public DetectionTimes() => Settle();

    /// <summary>Longest time between two heartbeats to one candidate.</summary>
    public TimeSpan Interval { get; private set; }

    /// <summary>How long a holder answers after the heartbeats it sent.</summary>
    public TimeSpan Answer { get; private set; }

    /// <summary>How long the others wait for a holder that is silent.</summary>
    public TimeSpan Wait { get; private set; }

    /// <summary>All that are heard have the same times.</summary>
    public bool Settled { get; private set; }

    public static TimeSpan DetectOf(VirtualIpIntent vip) => IntervalOf(vip) * Math.Max(2, vip.DetectMultiplier);

    /// <param name="vip">Has the times.</param>
    /// <param name="revision">Revision of the snapshot that it is from.</param>
    /// <returns>Whether they are others than before.</returns>
    public bool Configure(VirtualIpIntent vip, ulong revision)
    {
        var (interval, detect) = (IntervalOf(vip), DetectOf(vip));
        _revision = revision;
        if (_configured && interval == _interval && detect == _detect)
        {
            return false;
        }

        (_interval, _detect, _since) = (interval, detect, revision);
        if (!_configured)
        {
            _configured = true;
            Settle();
            return false;
        }

        Settled = false;
        _knownSince = null;
        Interval = interval < Interval ? interval : Interval;
        Answer = detect < Answer ? detect : Answer;
        Wait = detect > Wait ? detect : Wait;
        return true;
    }

    /// <returns>Whether the new times are in force from now on.</returns>
    public bool TrySettle(AddressAudience audience, TimeSpan now)
    {
        if (Settled)
        {
            return false;
        }

        // A node that is further on than this one may already have other times again.
        if (_knownSince is null && audience.AllHeardWorkFrom(_since, _revision, now, Wait))
        {
            _knownSince = now;
        }

        if (_knownSince is not { } known || now - known < Wait)
        {
            return false;
        }

        Settle();
        return true;
    }

    private static TimeSpan IntervalOf(VirtualIpIntent vip) =>
        vip.HeartbeatInterval > MinInterval ? vip.HeartbeatInterval : MinInterval;

    private void Settle()
    {
        (Interval, Answer, Wait) = (_interval, _detect, _detect);
        Settled = true;
    }
}
