using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>A pool resolved for one target port, with all its endpoints, and what it was resolved from.</summary>
/// <param name="Pool">The pool.</param>
/// <param name="Sources">Objects that were looked at; null when the pool names its endpoints itself.</param>
/// <param name="Set">Endpoints of both families.</param>
/// <param name="Resolved">What it was made of.</param>
internal sealed record ResolvedSet(PoolSettings Pool, EndpointSources? Sources, BackendSet Set, ResolvedEndpoints Resolved);
