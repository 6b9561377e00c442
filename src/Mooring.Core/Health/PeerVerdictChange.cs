namespace Mooring.Core.Health;

/// <summary>What a packet of another node changed.</summary>
/// <param name="Changed">What is known of some endpoint may be another now.</param>
/// <param name="Failed">Endpoints that the sender newly calls unhealthy.</param>
/// <param name="Incomplete">The sender knows more, or other things, than it is known to: ask for all.</param>
public sealed record PeerVerdictChange(bool Changed, IReadOnlyList<ulong> Failed, bool Incomplete)
{
    public static readonly PeerVerdictChange None = new(false, [], false);
}
