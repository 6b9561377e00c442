using System.Collections.Immutable;
using System.Text;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>
/// Decides for every packet on the heartbeat port whether it is a heartbeat for this node. A sender that says what it said
/// before costs no memory.
/// </summary>
/// <param name="self">Name of this node.</param>
/// <param name="epoch">Number of this node's present start.</param>
public sealed class HeartbeatInbox(string self, ulong epoch)
{
    private readonly Dictionary<string, HeartbeatSender> _senders = new(StringComparer.Ordinal);
    private readonly byte[] _self = Encoding.UTF8.GetBytes(self);
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
            if (!_senders.ContainsKey(name))
            {
                _senders.Add(name, new HeartbeatSender(name, epoch));
            }
        }
    }

    /// <param name="bytes">The packet.</param>
    /// <param name="now">The time.</param>
    /// <param name="heartbeat">What it says, when the result is Ok.</param>
    /// <param name="sequence">Number of the packet, when the result is Ok.</param>
    public HeartbeatDecodeResult Accept(
        ReadOnlySpan<byte> bytes, TimeSpan now, out Heartbeat? heartbeat, out ulong sequence)
    {
        heartbeat = null;
        sequence = 0;
        var result = HeartbeatCodec.Decode(bytes, _keys, out var fields);
        if (result != HeartbeatDecodeResult.Ok)
        {
            return result;
        }

        if (!fields.Receiver.SequenceEqual(_self))
        {
            return HeartbeatDecodeResult.WrongReceiver;
        }

        Span<char> name = stackalloc char[byte.MaxValue];
        var length = Encoding.UTF8.GetChars(fields.Sender, name);
        if (!_senders.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name[..length], out var sender))
        {
            return HeartbeatDecodeResult.UnknownSender;
        }

        sequence = fields.Sequence;
        return sender.Accept(fields, now, out heartbeat);
    }
}
