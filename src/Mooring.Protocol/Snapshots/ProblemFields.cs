namespace Mooring.Protocol.Snapshots;

/// <summary>What an agent calls a problem that no field of a snapshot causes.</summary>
public static class ProblemFields
{
    /// <summary>The kernel has nothing of the snapshot; the agent goes on trying.</summary>
    public const string DataPlane = "data_plane";
}
