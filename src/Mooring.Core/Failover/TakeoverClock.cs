namespace Mooring.Core.Failover;

/// <summary>How long the holder of an address has been silent, and since when a waiting node may take over.</summary>
internal sealed class TakeoverClock(TimeSpan now)
{
    /// <summary>The wait counts from here.</summary>
    public TimeSpan SilentSince { get; private set; } = now;

    /// <summary>The holder said that it lets go, so the first in line need not wait at all.</summary>
    public bool Vacated { get; private set; }

    /// <summary>The holder asked this very node to take over, wherever it is in the line.</summary>
    public bool Invited { get; private set; }

    private bool _confirmed;

    /// <summary>The wait is over for the first time since it began.</summary>
    public bool Confirm() => !_confirmed && (_confirmed = true);

    /// <summary>Waits a whole turn from <paramref name="now"/> on.</summary>
    public void Restart(TimeSpan now)
    {
        SilentSince = now > SilentSince ? now : SilentSince;
        Vacated = Invited = _confirmed = false;
    }

    public void Vacate(TimeSpan now)
    {
        SilentSince = now;
        Vacated = true;
        Invited = _confirmed = false;
    }

    public void Invite(TimeSpan now)
    {
        SilentSince = now;
        Vacated = Invited = true;
        _confirmed = false;
    }

    /// <summary>When the node with <paramref name="place"/> others before it may claim.</summary>
    public TimeSpan ClaimAt(int place, TimeSpan detect) =>
        Invited ? SilentSince : SilentSince + (detect * (Vacated ? place : place + 1));
}
