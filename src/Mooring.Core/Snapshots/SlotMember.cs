using System.Net;

namespace Mooring.Core.Snapshots;

/// <summary>An endpoint that owns slots.</summary>
/// <param name="Node">Node of the pod; null for an endpoint outside the cluster.</param>
public sealed record SlotMember(IPEndPoint EndPoint, string? Node);
