using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// The language of one address family: what is listened to, answered and announced. Frames are taken on the receiving
/// threads; the addresses change under the speaker's lock.
/// </summary>
internal interface IResponder
{
    AddressFamily Family { get; }

    /// <summary>What the frames of a channel carry.</summary>
    EtherType TypeOf(SpeakerChannel channel);

    /// <summary>Passes frames of the channel about these addresses.</summary>
    ImmutableArray<FilterInstruction> FilterFor(SpeakerChannel channel, IReadOnlyCollection<IPAddress> addresses);

    /// <summary>The multicast groups in which questions about the addresses arrive.</summary>
    IReadOnlySet<IPAddress> GroupsOf(IReadOnlyCollection<IPAddress> addresses);

    void Hold(HeldAddress held);

    void Release(IPAddress address);

    void Watch(IEnumerable<IPAddress> addresses);

    /// <summary>Frames from these are our own, brought back by a bridge.</summary>
    void SetOwnMacs(ImmutableHashSet<MacAddress> macs);

    /// <summary>Sends one round of announcements.</summary>
    void Announce(HeldAddress held, SpeakerLink link);

    /// <summary>Takes a frame; <paramref name="answer"/> is room for one as long.</summary>
    void Received(SpeakerLink link, SpeakerChannel channel, ReadOnlySpan<byte> frame, Span<byte> answer);

    /// <summary>A frame that did not fit.</summary>
    void Malformed();
}
