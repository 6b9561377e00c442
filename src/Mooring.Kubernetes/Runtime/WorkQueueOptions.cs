using System.ComponentModel.DataAnnotations;

namespace Mooring.Kubernetes.Runtime;

public sealed class WorkQueueOptions
{
    /// <summary>Names the queue in metrics.</summary>
    [Required]
    public string Name { get; set; } = "queue";

    /// <summary>Delay after the first failure of a key; doubled with each further one, with jitter of a quarter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest delay after a failure.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMinutes(2);
}
