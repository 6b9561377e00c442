using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>The spec of a BackendPool with every field read, and what is wrong with it on its own.</summary>
internal sealed record PoolSettings
{
    /// <summary>Makes a pod a backup, when it is <c>true</c>.</summary>
    public const string BackupAnnotation = "mooring.dev/backup";

    public required V1Alpha1BackendPool Resource { get; init; }

    public required NamespacedName Key { get; init; }

    /// <summary>Exactly one of this, <see cref="Service"/> and <see cref="Endpoints"/> is set in a good spec.</summary>
    public ImmutableSortedDictionary<string, string>? Selector { get; init; }

    public string? Service { get; init; }

    public ImmutableArray<FixedEndpoint>? Endpoints { get; init; }

    public BalancingAlgorithm Algorithm { get; init; }

    public TimeSpan? ClientAffinityTimeout { get; init; }

    public HealthCheckIntent? HealthCheck { get; init; }

    /// <summary>Where the authorities of <see cref="HealthCheck"/> are; null for the system's.</summary>
    public SecretEntry? Authority { get; init; }

    public int MinHealthyPercent { get; init; }

    /// <summary>Zero for none.</summary>
    public TimeSpan SlowStart { get; init; }

    public bool HoldsWithoutEndpoints { get; init; }

    public TimeSpan DrainTimeout { get; init; }

    public bool ShutsDownSessions { get; init; }

    public ImmutableArray<Finding> Findings { get; init; } = [];
}
