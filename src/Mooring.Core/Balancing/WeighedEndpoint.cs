using System.Net;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>An endpoint that takes new flows, and what is known of its load.</summary>
/// <param name="Backend">With the weight its pool gives it.</param>
/// <param name="Load">Established connections, or response time in seconds; null when it is not known.</param>
public readonly record struct WeighedEndpoint(ForwardedBackend Backend, double? Load)
{
    public IPEndPoint EndPoint => new(Backend.Address, Backend.Port);
}
