using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>Neighbour discovery and ICMPv6 echo for IPv6 addresses.</summary>
internal sealed class NeighborResponder(SpeakerReports reports) : IResponder
{
    private readonly AddressBook<IPv6Address> _book = new(IPv6Address.From);

    public AddressFamily Family => AddressFamily.InterNetworkV6;

    public EtherType TypeOf(SpeakerChannel channel) => EtherType.IPv6;

    public ImmutableArray<FilterInstruction> FilterFor(SpeakerChannel channel, IReadOnlyCollection<IPAddress> addresses)
    {
        uint[] endings = [.. addresses.Select(address => (uint)IPv6Address.From(address).Low)];
        return channel == SpeakerChannel.Neighbors
            ? PacketFilter.NeighborDiscovery(endings)
            : PacketFilter.EchoRequestV6(endings);
    }

    public IReadOnlySet<IPAddress> GroupsOf(IReadOnlyCollection<IPAddress> addresses)
        => addresses.Select(address => IPv6Address.From(address).SolicitedNode.ToIPAddress()).ToHashSet();

    public void Hold(HeldAddress held) => _book.Hold(held);

    public void Release(IPAddress address) => _book.Release(address);

    public void Watch(IEnumerable<IPAddress> addresses) => _book.Watch(addresses);

    public void SetOwnMacs(ImmutableHashSet<MacAddress> macs) => _book.SetOwnMacs(macs);

    /// <summary>One unsolicited advertisement to all nodes; neighbours replace what they know by it.</summary>
    public void Announce(HeldAddress held, SpeakerLink link)
    {
        var address = IPv6Address.From(held.Address);
        if (Send(link, held, NeighborMessage.Announcement(link.Mac, address, link.Interface.ForwardsIPv6), default))
        {
            reports.Metrics.Announced();
        }
    }

    public void Received(SpeakerLink link, SpeakerChannel channel, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        if (channel == SpeakerChannel.Neighbors)
        {
            Neighbor(link, frame);
        }
        else
        {
            Echo(link, frame, answer);
        }
    }

    public void Malformed() => reports.Metrics.Malformed();

    private void Neighbor(SpeakerLink link, ReadOnlySpan<byte> frame)
    {
        if (!NeighborMessage.TryReadFrame(frame, out var message))
        {
            reports.Metrics.Malformed();
            return;
        }

        if (_book.IsOwn(message.SourceMac) || _book.IsOwn(message.Mac))
        {
            return;
        }

        // Who advertises an address claims it, and so does who asks from it: its neighbours learn the MAC from that.
        var claimed = message.Type == NeighborMessageType.Advertisement ? message.Target : message.Source;
        if (_book.IsWatched(claimed))
        {
            reports.Claimed(claimed.ToIPAddress(), message.Mac, link);
        }

        // A probe, which asks from ::, is answered to all: that defends the address (RFC 4862 section 5.4.3).
        if (message.Type == NeighborMessageType.Solicitation
            && message.Source != message.Target
            && _book.HeldAt(message.Target) is { } held
            && Send(link, held, message.AnswerFrom(link.Mac, link.Interface.ForwardsIPv6), message.Mac))
        {
            reports.Metrics.SolicitationAnswered();
        }
    }

    private bool Send(SpeakerLink link, HeldAddress held, in NeighborMessage message, MacAddress destination)
    {
        Span<byte> frame = stackalloc byte[NeighborMessage.MaxFrameLength];
        var length = message.WriteFrame(frame, destination);
        return reports.Sent(held.Send(link, SpeakerChannel.Neighbors, frame[..length]));
    }

    private void Echo(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        switch (Icmpv6Echo.Inspect(frame, out var destination))
        {
            case EchoVerdict.Malformed:
                reports.Metrics.Malformed();
                break;
            case EchoVerdict.Request when _book.HeldAt(destination) is { } held:
                var length = Icmpv6Echo.WriteReply(frame, link.Mac, answer);
                if (reports.Sent(held.Send(link, SpeakerChannel.Echo, answer[..length])))
                {
                    reports.Metrics.EchoAnswered();
                }

                break;
            default:
                break;
        }
    }
}
