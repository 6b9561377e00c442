using System.Collections.Immutable;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane;

/// <param name="Changed">Services programmed or removed by this call.</param>
/// <param name="Failed">Services the kernel refused, with its words.</param>
internal sealed record ApplyResult(int Changed, ImmutableArray<(ForwardedService Service, string Error)> Failed);
