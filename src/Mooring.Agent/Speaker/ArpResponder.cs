using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Packets;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>ARP and ICMP echo for IPv4 addresses.</summary>
internal sealed class ArpResponder(SpeakerReports reports) : IResponder
{
    private readonly AddressBook<IPv4Address> _book = new(IPv4Address.From);

    public AddressFamily Family => AddressFamily.InterNetwork;

    public EtherType TypeOf(SpeakerChannel channel)
        => channel == SpeakerChannel.Neighbors ? EtherType.Arp : EtherType.IPv4;

    public ImmutableArray<FilterInstruction> FilterFor(SpeakerChannel channel, IReadOnlyCollection<IPAddress> addresses)
    {
        uint[] values = [.. addresses.Select(address => IPv4Address.From(address).Value)];
        return channel == SpeakerChannel.Neighbors ? PacketFilter.Arp(values) : PacketFilter.EchoRequest(values);
    }

    public IReadOnlySet<IPAddress> GroupsOf(IReadOnlyCollection<IPAddress> addresses)
        => ImmutableHashSet<IPAddress>.Empty; // ARP asks all by broadcast

    public void Hold(HeldAddress held) => _book.Hold(held);

    public void Release(IPAddress address) => _book.Release(address);

    public void Watch(IEnumerable<IPAddress> addresses) => _book.Watch(addresses);

    public void SetOwnMacs(ImmutableHashSet<MacAddress> macs) => _book.SetOwnMacs(macs);

    /// <summary>
    /// A pair of gratuitous ARPs, as request and as reply: some stacks update their cache from only one of the forms.
    /// </summary>
    public void Announce(HeldAddress held, SpeakerLink link)
    {
        var address = IPv4Address.From(held.Address);
        Span<byte> frame = stackalloc byte[ArpPacket.FrameLength];
        foreach (var packet in (ReadOnlySpan<ArpPacket>)
            [ArpPacket.AnnouncementRequest(link.Mac, address), ArpPacket.AnnouncementReply(link.Mac, address)])
        {
            packet.WriteFrame(frame, MacAddress.Broadcast);
            if (reports.Sent(held.Send(link, SpeakerChannel.Neighbors, frame)))
            {
                reports.Metrics.Announced();
            }
        }
    }

    public void Received(SpeakerLink link, SpeakerChannel channel, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        if (channel == SpeakerChannel.Neighbors)
        {
            Arp(link, frame, answer);
        }
        else
        {
            Echo(link, frame, answer);
        }
    }

    public void Malformed() => reports.Metrics.Malformed();

    private void Arp(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        if (!ArpPacket.TryReadFrame(frame, out var packet))
        {
            reports.Metrics.Malformed();
            return;
        }

        if (_book.IsOwn(packet.SenderMac))
        {
            return;
        }

        if (_book.IsWatched(packet.SenderAddress))
        {
            reports.Claimed(packet.SenderAddress.ToIPAddress(), packet.SenderMac, link);
        }

        // An announcement asks nothing. A probe, which asks from 0.0.0.0, is answered: that defends the address
        // (RFC 5227 section 2.1.1).
        if (packet.Operation == ArpOperation.Request
            && !packet.IsAnnouncement
            && _book.HeldAt(packet.TargetAddress) is { } held)
        {
            packet.ReplyFrom(link.Mac).WriteFrame(answer, packet.SenderMac);
            if (reports.Sent(held.Send(link, SpeakerChannel.Neighbors, answer[..ArpPacket.FrameLength])))
            {
                reports.Metrics.ArpAnswered();
            }
        }
    }

    private void Echo(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        switch (IcmpEcho.Inspect(frame, out _, out var destination))
        {
            case EchoVerdict.Malformed:
                reports.Metrics.Malformed();
                break;
            case EchoVerdict.Request when _book.HeldAt(destination) is { } held:
                var length = IcmpEcho.WriteReply(frame, link.Mac, answer);
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
