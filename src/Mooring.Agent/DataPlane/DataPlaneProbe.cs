using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <param name="Modes">Forwarding modes this node can program.</param>
/// <param name="Problems">What is wrong, each with the fix: "ip_forward is 0: set net.ipv4.ip_forward=1".</param>
internal sealed record DataPlaneProbe(ImmutableArray<ForwardingMode> Modes, ImmutableArray<string> Problems);
