namespace Mooring.Core.Placement;

/// <summary>How far a planned move of an address has come.</summary>
public enum MoveStage
{
    /// <summary>Not begun: others are in flight, the reason is too fresh, or the last try is too recent.</summary>
    Waiting,

    /// <summary>Its next holder has still to say that it has programmed the address.</summary>
    Preparing,

    /// <summary>The holder was asked to let the next one take over.</summary>
    Asked,
}
