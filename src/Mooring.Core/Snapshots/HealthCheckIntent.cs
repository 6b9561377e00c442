using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>How the endpoints of a backend set are probed.</summary>
public sealed record HealthCheckIntent
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(2);
    public const int DefaultUnhealthyThreshold = 3;
    public const int DefaultHealthyThreshold = 2;

    public required HealthCheckType Type { get; init; }

    /// <summary>Port to probe; 0 for the backend's own port.</summary>
    public ushort Port { get; init; }

    public string Path { get; init; } = "/";

    /// <summary>Value of the Host header; null for the backend's address.</summary>
    public string? Host { get; init; }

    /// <summary>Accepted HTTP status ranges; empty accepts 200 to 399.</summary>
    public ImmutableArray<StatusRange> ExpectedStatuses { get; init; } = [];

    public bool Tls { get; init; }

    public bool TlsSkipVerify { get; init; }

    public TimeSpan Interval { get; init; } = DefaultInterval;

    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Consecutive failures after which a healthy backend is unhealthy, 1 to 100.</summary>
    public int UnhealthyThreshold { get; init; } = DefaultUnhealthyThreshold;

    /// <summary>Consecutive successes after which an unhealthy backend is healthy, 1 to 100.</summary>
    public int HealthyThreshold { get; init; } = DefaultHealthyThreshold;

    /// <summary>Equal by content, the status ranges included: an unchanged check is not restarted.</summary>
    public bool Equals(HealthCheckIntent? other) =>
        other is not null
        && Type == other.Type && Port == other.Port && Path == other.Path && Host == other.Host
        && Tls == other.Tls && TlsSkipVerify == other.TlsSkipVerify
        && Interval == other.Interval && Timeout == other.Timeout
        && UnhealthyThreshold == other.UnhealthyThreshold && HealthyThreshold == other.HealthyThreshold
        && ExpectedStatuses.AsSpan().SequenceEqual(other.ExpectedStatuses.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Type, Port, Path, Host, Tls, Interval, Timeout);
}
