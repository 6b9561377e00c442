using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>The endpoints of a pool for one target port.</summary>
/// <param name="Backends">Sorted by address, then port; no two the same.</param>
/// <param name="Finding">Why there are none, or fewer than one would think.</param>
internal sealed record ResolvedEndpoints(ImmutableArray<Backend> Backends, Finding? Finding = null)
{
    /// <summary>What Kubernetes says against endpoints, in words.</summary>
    public ImmutableDictionary<IPEndPoint, string> Remarks { get; init; } = ImmutableDictionary<IPEndPoint, string>.Empty;

    public bool IsSameAs(ResolvedEndpoints other) =>
        Finding == other.Finding
        && Backends.SequenceEqual(other.Backends)
        && Remarks.Count == other.Remarks.Count
        && Remarks.All(remark => other.Remarks.GetValueOrDefault(remark.Key) == remark.Value);
}
