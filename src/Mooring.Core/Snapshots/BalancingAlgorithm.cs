namespace Mooring.Core.Snapshots;

public enum BalancingAlgorithm
{
    Maglev,
    RoundRobin,
    WeightedRoundRobin,
    SourceIpHash,
    LeastConnections,
    LeastResponseTime,
}
