using System.ComponentModel.DataAnnotations;

namespace Mooring.Kubernetes.Runtime;

public sealed class EntityControllerOptions
{
    /// <summary>Names the controller in logs and metrics; null takes the kind.</summary>
    public string? Name { get; set; }

    /// <summary>Objects reconciled at once. 1 to 256.</summary>
    [Range(1, 256)]
    public int Workers { get; set; } = 1;

    /// <summary>Every object is reconciled at least this often; null leaves it to changes and requeues.</summary>
    public TimeSpan? ResyncPeriod { get; set; }

    public WorkQueueOptions Queue { get; set; } = new();
}
