namespace Mooring.Core.Placement;

public sealed record PlacementOptions
{
    public const int DefaultStandbys = 3;
    public const double DefaultLoadFactor = 1.25;

    public static readonly PlacementOptions Default = new();

    /// <summary>Nodes that back up the holder, 0 or more.</summary>
    public int Standbys { get; init; } = DefaultStandbys;

    /// <summary>How far above the even share of addresses a node may be filled, 1 or more.</summary>
    public double LoadFactor { get; init; } = DefaultLoadFactor;

    /// <summary>A cordoned node gives up its addresses.</summary>
    public bool CordonDrains { get; init; }

    /// <summary>A live holder that has more addresses than its share gives up those that it has too many.</summary>
    public bool Rebalance { get; init; }
}
