using System.Collections.Immutable;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>A port of a VirtualIp and where its packets go.</summary>
/// <param name="Set">Null when the port cannot be served; then <paramref name="Finding"/> says why.</param>
/// <param name="Finding">Also set when there is a set without an endpoint.</param>
internal sealed record PortEvaluation(PortSettings Settings, BackendSet? Set, Finding? Finding);
