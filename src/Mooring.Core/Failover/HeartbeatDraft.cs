using System.Collections.Immutable;

namespace Mooring.Core.Failover;

/// <summary>The last heartbeat composed for a peer, used again as long as nothing changed.</summary>
internal sealed class HeartbeatDraft
{
    private FailoverAction.SendHeartbeat? _last;
    private int _version = -1;

    /// <param name="context">Tells whether anything changed.</param>
    /// <param name="peer">For whom it is.</param>
    /// <param name="about">Which addresses it is about.</param>
    /// <param name="now">The time.</param>
    public FailoverAction.SendHeartbeat Compose(
        FailoverContext context, FailoverPeer peer, IReadOnlyCollection<AddressFailover> about, TimeSpan now)
    {
        var heard = peer.HeardWithin(now, peer.Detect) ? peer.Epoch : 0;
        if (_last is null || _version != context.Version || _last.PeerEpoch != heard || _last.Leaving != context.Stopping)
        {
            _version = context.Version;
            _last = new FailoverAction.SendHeartbeat(peer.Name, Claims(peer.Name, about, now), heard, context.Stopping);
        }

        return _last;
    }

    private static ImmutableArray<AddressClaim> Claims(
        string peer, IReadOnlyCollection<AddressFailover> about, TimeSpan now)
    {
        var claims = ImmutableArray.CreateBuilder<AddressClaim>();
        foreach (var address in about)
        {
            if (address.ToClaim(peer, now) is { } claim)
            {
                claims.Add(claim);
            }
        }

        return claims.ToImmutable();
    }
}
