using System.Net;
using Mooring.Core.Health;
using Mooring.Protocol.Snapshots;

namespace Mooring.Agent.HealthChecks.Kept;

/// <summary>
/// What an earlier start of the agent found, for a while: an endpoint that is to be checked by the same rules begins with
/// it. Guarded by the lock of the checks.
/// </summary>
/// <param name="verdicts">From the file.</param>
/// <param name="age">How long nobody has stood by them.</param>
/// <param name="timeProvider">Tells when they are too old.</param>
internal sealed class KeptVerdicts(IEnumerable<KeptVerdict> verdicts, TimeSpan age, TimeProvider timeProvider)
{
    /// <summary>Verdicts of an agent that was away for longer are not believed: much may have happened to the endpoints.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(2);

    public static readonly KeptVerdicts None = new([], MaxAge, TimeProvider.System);

    private readonly CheckFingerprints _rules = new();
    private readonly long _read = timeProvider.GetTimestamp();
    private readonly Dictionary<(string SetId, IPEndPoint Backend), KeptVerdict> _verdicts =
        verdicts.ToDictionary(kept => (kept.SetId, kept.Backend));

    /// <summary>The verdict on an endpoint that is to be checked from now on, once; null for none.</summary>
    public HealthVerdict? Take(HealthCheckTarget target)
    {
        if (_verdicts.Count == 0)
        {
            return null;
        }

        if (age + timeProvider.GetElapsedTime(_read) > MaxAge)
        {
            _verdicts.Clear();
            return null;
        }

        return _verdicts.Remove((target.BackendSetId, target.Backend), out var kept) && kept.Rules == _rules.Of(target.Check)
            ? kept.Verdict
            : null;
    }
}
