using System.Net;
using Mooring.Core.Health;

namespace Mooring.Agent.HealthChecks.Kept;

/// <summary>An endpoint known to be unhealthy, for the next start of the agent.</summary>
/// <param name="Rules">Fingerprint of the check that found it so.</param>
internal sealed record KeptVerdict(string SetId, IPEndPoint Backend, string Rules, DateTimeOffset Since, string Reason)
{
    public HealthVerdict Verdict => new(false, Reason, Since);
}
