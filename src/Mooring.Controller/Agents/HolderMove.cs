using System.Net;
using Mooring.Controller.World;

namespace Mooring.Controller.Agents;

/// <summary>A node took an address.</summary>
internal sealed record HolderMove
{
    public required IPAddress Address { get; init; }

    /// <summary>Node that held it before; null when none is known.</summary>
    public string? From { get; init; }

    public required HolderClaim To { get; init; }

    /// <summary>CamelCase, as the agent gave it; null when it was not heard from the agent as it happened.</summary>
    public string? Reason { get; init; }

    /// <summary>From the last heartbeat heard to the decision to take over.</summary>
    public TimeSpan? Detect { get; init; }

    /// <summary>From the decision to the first announcement.</summary>
    public TimeSpan? Takeover { get; init; }

    /// <summary>Null when it was not heard from the agent as it happened.</summary>
    public MovePhases? Phases { get; init; }

    /// <summary>The address went from one node to another.</summary>
    public bool IsFailover => From is not null && From != To.Node;
}
