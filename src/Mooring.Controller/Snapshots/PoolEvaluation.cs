using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>What one BackendPool came to: the base of its status.</summary>
internal sealed record PoolEvaluation
{
    public required PoolSettings Settings { get; init; }

    /// <summary>One set for each target port that accepted VirtualIps use.</summary>
    public ImmutableArray<BackendSet> Sets { get; init; } = [];

    /// <summary>Endpoints that take part whatever the port, when no VirtualIp uses the pool.</summary>
    public ImmutableArray<Backend> Unused { get; init; } = [];

    /// <summary>What Kubernetes says against endpoints, in words.</summary>
    public ImmutableDictionary<IPEndPoint, string> Remarks { get; init; } = ImmutableDictionary<IPEndPoint, string>.Empty;

    /// <summary>Why there are no endpoints.</summary>
    public Finding? EndpointFinding { get; init; }
}
