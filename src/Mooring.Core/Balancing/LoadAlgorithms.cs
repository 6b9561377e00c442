using Mooring.Core.Snapshots;

namespace Mooring.Core.Balancing;

public static class LoadAlgorithms
{
    /// <summary>Weights follow the load of the endpoints.</summary>
    public static bool GoesByLoad(this BalancingAlgorithm algorithm) =>
        algorithm is BalancingAlgorithm.LeastConnections or BalancingAlgorithm.LeastResponseTime;
}
