using System.Net;

namespace Mooring.Core.DataPlane;

/// <param name="Local">The endpoint is a pod of this node, so its replies come back through it.</param>
/// <param name="Weight">Share of new flows, 1 to 65535.</param>
public sealed record ForwardedBackend(IPAddress Address, ushort Port, int Weight, bool Local);
