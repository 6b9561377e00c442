using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>Computes what the kernel of one node should do from a snapshot and the node's health verdicts.</summary>
public static class DataPlanePlanner
{
    /// <summary>A single plan; <see cref="SnapshotPlanner"/> makes one after another.</summary>
    /// <inheritdoc cref="SnapshotPlanner.Plan"/>
    /// <param name="nodeName">The node the plan is for.</param>
    public static DataPlaneState Plan(
        ClusterSnapshot snapshot, string nodeName, Func<string, IPEndPoint, bool?> isHealthy) =>
        new SnapshotPlanner(nodeName).Plan(snapshot, isHealthy, changedVerdicts: null);
}
