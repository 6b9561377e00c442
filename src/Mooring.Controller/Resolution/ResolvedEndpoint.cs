using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>A concrete endpoint with what Kubernetes says of it.</summary>
internal sealed record ResolvedEndpoint(Backend Backend, EndpointReadiness Readiness);
