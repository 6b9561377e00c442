namespace Mooring.Core.Health;

/// <summary>What the checks of one endpoint add up to.</summary>
/// <param name="Reason">In the words of the failure, "connection refused by 10.71.2.3:8080"; empty while healthy.</param>
/// <param name="Since">When this verdict was first reached.</param>
public sealed record HealthVerdict(bool Healthy, string Reason, DateTimeOffset Since)
{
    /// <summary>What a person should look at although the endpoint is healthy; empty for nothing.</summary>
    public string Warning { get; init; } = "";
}
