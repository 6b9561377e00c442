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

    public ImmutableArray<HttpHeader> Headers { get; init; } = [];

    /// <summary>Speak HTTP/2.</summary>
    public bool Http2 { get; init; }

    /// <summary>Accepted HTTP status ranges; empty accepts 200 to 399.</summary>
    public ImmutableArray<StatusRange> ExpectedStatuses { get; init; } = [];

    /// <summary>Pattern (<see cref="Health.AnswerPattern"/>) for the body; null when it is not read.</summary>
    public string? ExpectedBody { get; init; }

    /// <summary>Null without TLS.</summary>
    public TlsCheckIntent? Tls { get; init; }

    /// <summary>Service a gRPC check asks for; empty for the server as a whole.</summary>
    public string GrpcService { get; init; } = "";

    /// <summary>Set for <see cref="HealthCheckType.Udp"/>.</summary>
    public UdpCheckIntent? Udp { get; init; }

    /// <summary>Set for <see cref="HealthCheckType.Exec"/>.</summary>
    public ExecCheckIntent? Exec { get; init; }

    public TimeSpan Interval { get; init; } = DefaultInterval;

    /// <summary>Interval while the last check failed; null for <see cref="Interval"/>.</summary>
    public TimeSpan? FailingInterval { get; init; }

    /// <summary>Share of an interval, in percent, by which each is longer or shorter at random; 0 to 50.</summary>
    public int JitterPercent { get; init; }

    /// <summary>Failures of an endpoint do not count for this long after it became known.</summary>
    public TimeSpan InitialDelay { get; init; }

    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Consecutive failures after which a healthy backend is unhealthy, 1 to 100.</summary>
    public int UnhealthyThreshold { get; init; } = DefaultUnhealthyThreshold;

    /// <summary>Consecutive successes after which an unhealthy backend is healthy, 1 to 100.</summary>
    public int HealthyThreshold { get; init; } = DefaultHealthyThreshold;

    /// <summary>Null when connections of clients are not watched.</summary>
    public PassiveCheckIntent? Passive { get; init; }

    /// <summary>Null when an endpoint comes back as often as it falls.</summary>
    public FlapDampingIntent? FlapDamping { get; init; }

    /// <summary>Equal by content, lists included: an unchanged check is not restarted.</summary>
    public bool Equals(HealthCheckIntent? other) =>
        other is not null
        && Type == other.Type && Port == other.Port && Path == other.Path && Host == other.Host
        && Http2 == other.Http2 && ExpectedBody == other.ExpectedBody && Tls == other.Tls
        && GrpcService == other.GrpcService && Udp == other.Udp && Exec == other.Exec
        && Interval == other.Interval && FailingInterval == other.FailingInterval
        && JitterPercent == other.JitterPercent && InitialDelay == other.InitialDelay && Timeout == other.Timeout
        && Passive == other.Passive && FlapDamping == other.FlapDamping
        && UnhealthyThreshold == other.UnhealthyThreshold && HealthyThreshold == other.HealthyThreshold
        && Headers.AsSpan().SequenceEqual(other.Headers.AsSpan())
        && ExpectedStatuses.AsSpan().SequenceEqual(other.ExpectedStatuses.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Type, Port, Path, Host, Tls, Interval, Timeout, Headers.Length);
}
