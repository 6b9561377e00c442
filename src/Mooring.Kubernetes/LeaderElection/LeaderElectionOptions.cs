using System.ComponentModel.DataAnnotations;

namespace Mooring.Kubernetes.LeaderElection;

/// <summary>client-go's names and defaults.</summary>
public sealed class LeaderElectionOptions : IValidatableObject
{
    /// <summary>How far apart the retries of waiting candidates may fall, as a share of the period.</summary>
    internal const double JitterFactor = 1.2;

    [Required]
    public string LeaseName { get; set; } = "";

    [Required]
    public string LeaseNamespace { get; set; } = "";

    /// <summary>Who this candidate is: unique among all of them, also across restarts.</summary>
    [Required]
    public string Identity { get; set; } = $"{Environment.MachineName}_{Guid.NewGuid():N}";

    /// <summary>How long others wait for a silent leader. Whole seconds, at least 1.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the leader goes on without a renewal; below <see cref="LeaseDuration"/>.</summary>
    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between attempts; times 1.2 below <see cref="RenewDeadline"/>.</summary>
    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Give the lease up on a stop, so that the next candidate need not wait it out.</summary>
    public bool ReleaseOnCancel { get; set; } = true;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            yield return new ValidationResult(
                $"LeaseDuration must be a whole number of seconds, at least 1; it is {LeaseDuration}");
        }

        if (RenewDeadline >= LeaseDuration)
        {
            yield return new ValidationResult(
                $"RenewDeadline ({RenewDeadline}) must be less than LeaseDuration ({LeaseDuration})");
        }

        if (RetryPeriod <= TimeSpan.Zero || RetryPeriod * JitterFactor >= RenewDeadline)
        {
            yield return new ValidationResult(
                $"RetryPeriod ({RetryPeriod}) must be above 0 and, times {JitterFactor}, "
                + $"less than RenewDeadline ({RenewDeadline})");
        }
    }
}
