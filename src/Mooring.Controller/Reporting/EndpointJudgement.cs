namespace Mooring.Controller.Reporting;

/// <summary>What an endpoint's state is, and why.</summary>
internal readonly record struct EndpointJudgement(EndpointState State, string? Reason)
{
    /// <summary>Since when, if an agent said so.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What to look at although it is ready.</summary>
    public string? Warning { get; init; }
}
