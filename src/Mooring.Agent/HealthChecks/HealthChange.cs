using System.Net;
using Mooring.Core.Health;

namespace Mooring.Agent.HealthChecks;

/// <summary>The verdict on an endpoint changed on this node.</summary>
internal sealed record HealthChange(string BackendSetId, IPEndPoint Backend, HealthVerdict Verdict);
