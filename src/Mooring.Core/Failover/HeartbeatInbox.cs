using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>Decides for every packet on the heartbeat port whether it is a heartbeat for this node.</summary>
/// <param name="self">Name of this node.</param>
public sealed class HeartbeatInbox(string self)
{
    private readonly Dictionary<string, ReplayWindow> _senders = new(StringComparer.Ordinal);
    private ImmutableArray<HeartbeatKey> _keys = [];

    /// <summary>Takes the keys and the known nodes from a snapshot. What is known of a sender that stays is kept.</summary>
    public void Configure(ClusterSnapshot snapshot)
    {
        _keys = snapshot.HeartbeatKeys;
        var names = snapshot.Nodes.Select(node => node.Name).Where(name => name != self).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _senders.Keys.Where(name => !names.Contains(name)).ToArray())
        {
            _senders.Remove(gone);
        }

        foreach (var name in names)
        {
            _senders.TryAdd(name, new ReplayWindow());
        }
    }

    public HeartbeatDecodeResult Accept(ReadOnlySpan<byte> bytes, TimeSpan now, out Heartbeat? heartbeat)
    {
        heartbeat = null;
        var result = HeartbeatCodec.Decode(bytes, _keys, out var packet);
        if (packet is null)
        {
            return result;
        }

        if (packet.Receiver != self)
        {
            return HeartbeatDecodeResult.WrongReceiver;
        }

        if (!_senders.TryGetValue(packet.Heartbeat.Sender, out var window))
        {
            return HeartbeatDecodeResult.UnknownSender;
        }

        if (!window.Accept(packet.Heartbeat.Epoch, packet.Sequence, now))
        {
            return HeartbeatDecodeResult.Replayed;
        }

        heartbeat = packet.Heartbeat;
        return HeartbeatDecodeResult.Ok;
    }
}
