using System.Net;
using System.Threading.RateLimiting;

namespace Mooring.Controller.Agents.Admission;

/// <summary>
/// Bounds what failed attempts cost the API server: an address that failed too often is refused unasked for a while.
/// Attempts that succeed cost nothing, so agents behind one address do not hinder each other.
/// </summary>
internal sealed class AttemptLimiter : IDisposable
{
    /// <summary>Failures of one address in a row.</summary>
    public const int Burst = 20;

    /// <summary>Failures of one address in the long run.</summary>
    public const int PerSecond = 2;

    private readonly PartitionedRateLimiter<IPAddress> _failures = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        static address => RateLimitPartition.GetTokenBucketLimiter(address, static _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Burst,
            TokensPerPeriod = PerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    public bool MayTry(IPAddress address) => _failures.GetStatistics(address)?.CurrentAvailablePermits is not 0;

    public void Failed(IPAddress address) => _failures.AttemptAcquire(address).Dispose();

    public void Dispose() => _failures.Dispose();
}
