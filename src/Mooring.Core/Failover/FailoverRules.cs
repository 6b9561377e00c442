namespace Mooring.Core.Failover;

/// <summary>
/// The rules that keep one holder and always one, each by name. All are in force; a test breaks one at a time to show
/// that the simulation would notice.
/// </summary>
internal sealed record FailoverRules
{
    public static readonly FailoverRules Default = new();

    /// <summary>A holder answers until its deadline and not a moment longer, whatever kept it from moving it on.</summary>
    public bool HolderStopsAtDeadline { get; init; } = true;

    /// <summary>One whose deadline passed listens before it claims again.</summary>
    public bool FencedListensFirst { get; init; } = true;

    /// <summary>The term decides between two claims; the rank only between equal terms.</summary>
    public bool TermDecides { get; init; } = true;

    /// <summary>A holder that hears a better claim stops.</summary>
    public bool WorseClaimYields { get; init; } = true;

    /// <summary>A term that may have been used before a restart is not used again.</summary>
    public bool TermsOutliveRestarts { get; init; } = true;

    /// <summary>Each standby waits a detection time more than the one before it.</summary>
    public bool StandbysAreStaggered { get; init; } = true;

    /// <summary>The holder that was lost does not count in the line.</summary>
    public bool LostHolderIsNotInLine { get; init; } = true;

    /// <summary>Nor does a candidate that is not heard either.</summary>
    public bool SilentNodesAreNotInLine { get; init; } = true;

    /// <summary>A node that has heard nothing yet, or had no link, waits as if it had lost a holder.</summary>
    public bool NewcomerListensFirst { get; init; } = true;

    /// <summary>A standby that did not run itself does not take that for the holder's silence.</summary>
    public bool OwnPauseIsNotSilence { get; init; } = true;

    /// <summary>Each packet counts once, and none of an earlier start of its sender.</summary>
    public bool ReplaysAreRefused { get; init; } = true;

    /// <summary>A holder that is to go answers until it hears the next one.</summary>
    public bool MakeBeforeBreak { get; init; } = true;

    /// <summary>A move is to one node; the others stay standbys.</summary>
    public bool OnlySuccessorIsInvited { get; init; } = true;

    /// <summary>A move that does not come about in time is given up.</summary>
    public bool MovesAreBounded { get; init; } = true;

    /// <summary>A holder that hears neither candidate nor controller nor gateway stops, and does not claim.</summary>
    public bool IsolatedWithdraws { get; init; } = true;

    /// <summary>A holder whose link is down stops at once.</summary>
    public bool LinkLossReleases { get; init; } = true;

    /// <summary>A node that stopped to answer says so, and the next one need not wait.</summary>
    public bool ReleasesAreTold { get; init; } = true;

    /// <summary>A holder that started anew holds nothing, and the next one need not wait.</summary>
    public bool RestartVacates { get; init; } = true;

    /// <summary>Every node hears of every holder now and then, whatever its own snapshot says.</summary>
    public bool StrangersAreGreeted { get; init; } = true;
}
