namespace Mooring.Core.Health;

/// <summary>What a packet of another node changed.</summary>
/// <param name="Endpoints">What is known of them may be another now; null: of any.</param>
/// <param name="Failed">Endpoints that the sender newly calls unhealthy.</param>
/// <param name="Incomplete">The sender knows more, or other things, than it is known to: ask for all.</param>
public sealed record PeerVerdictChange(IReadOnlyList<ulong>? Endpoints, IReadOnlyList<ulong> Failed, bool Incomplete)
{
    public static readonly PeerVerdictChange None = new([], [], false);

    /// <summary>What is known of some endpoint may be another now.</summary>
    public bool Changed => Endpoints is not { Count: 0 };
}
