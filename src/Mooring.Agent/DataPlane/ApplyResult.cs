using System.Collections.Immutable;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane;

/// <param name="Changed">Services programmed or removed by this call.</param>
/// <param name="Failed">Services the kernel refused, with its words.</param>
internal sealed record ApplyResult(int Changed, ImmutableArray<(ForwardedService Service, string Error)> Failed)
{
    /// <summary>What is wrong with the node for what was asked of it, each with the fix.</summary>
    public ImmutableArray<string> Problems { get; init; } = [];
}
