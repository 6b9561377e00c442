using Mooring.Core.Placement;

namespace Mooring.Controller.World;

/// <summary>How addresses are placed and moved, by the controller's options.</summary>
internal sealed record PlacementPolicy
{
    public static readonly PlacementPolicy Default = new();

    public PlacementOptions Placement { get; init; } = PlacementOptions.Default;

    public MoveOptions Moves { get; init; } = MoveOptions.Default;

    /// <summary>A node that failed once ranks behind the others for this long; zero forgives at once.</summary>
    public TimeSpan FailureHalfLife { get; init; } = ControllerOptions.DefaultFailureHalfLife;

    public static PlacementPolicy From(ControllerOptions options) => new()
    {
        Placement = PlacementOptions.Default with
        {
            CordonDrains = options.CordonDrains,
            Rebalance = options.Rebalance,
        },
        Moves = MoveOptions.Default with
        {
            MaxInFlight = options.MaxMovesInFlight,
            FailbackDelay = options.FailbackDelay,
            Timeout = options.MoveTimeout,
        },
        FailureHalfLife = options.FailureHalfLife,
    };
}
