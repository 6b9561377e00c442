using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using Mooring.Core.Packets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// What is done with frames: requests for held addresses are answered, claims of watched ones reported. Runs on the
/// receiving threads; what it reads is replaced whole by the speaker.
/// </summary>
internal sealed class ArpFrames(
    ChannelWriter<ObservedClaim> claims,
    SpeakerMetrics metrics,
    TimeProvider time,
    Action<SpeakerLink, Exception> faulted)
    : SpeakerLink.IFrameReceiver
{
    private volatile ImmutableDictionary<IPv4Address, HeldAddress> _held =
        ImmutableDictionary<IPv4Address, HeldAddress>.Empty;

    private volatile ImmutableHashSet<IPv4Address> _watched = [];
    private volatile ImmutableHashSet<MacAddress> _ownMacs = [];

    public ImmutableDictionary<IPv4Address, HeldAddress> Held
    {
        get => _held;
        set => _held = value;
    }

    public ImmutableHashSet<IPv4Address> Watched
    {
        get => _watched;
        set => _watched = value;
    }

    /// <summary>What comes from these is our own, brought back by a bridge.</summary>
    public ImmutableHashSet<MacAddress> OwnMacs
    {
        get => _ownMacs;
        set => _ownMacs = value;
    }

    public void Arp(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        if (!ArpPacket.TryReadFrame(frame, out var packet))
        {
            metrics.Malformed();
            return;
        }

        if (_ownMacs.Contains(packet.SenderMac))
        {
            return;
        }

        if (_watched.Contains(packet.SenderAddress))
        {
            metrics.ClaimSeen();
            claims.TryWrite(new ObservedClaim(
                packet.SenderAddress.ToIPAddress(),
                packet.SenderMac.ToPhysicalAddress(),
                link.Interface.Name,
                time.GetTimestamp()));
        }

        // An announcement asks nothing. A probe, which asks from 0.0.0.0, is answered: that defends the address
        // (RFC 5227 section 2.1.1).
        if (packet.Operation == ArpOperation.Request
            && !packet.IsAnnouncement
            && _held.TryGetValue(packet.TargetAddress, out var held))
        {
            packet.ReplyFrom(link.Mac).WriteFrame(answer, packet.SenderMac);
            if (Sent(held.Send(link, EtherType.Arp, answer[..ArpPacket.FrameLength])))
            {
                metrics.ArpAnswered();
            }
        }
    }

    public void IPv4(SpeakerLink link, ReadOnlySpan<byte> frame, Span<byte> answer)
    {
        switch (IcmpEcho.Inspect(frame, out _, out var destination))
        {
            case EchoVerdict.Malformed:
                metrics.Malformed();
                break;
            case EchoVerdict.Request when _held.TryGetValue(destination, out var held):
                var length = IcmpEcho.WriteReply(frame, link.Mac, answer);
                if (Sent(held.Send(link, EtherType.IPv4, answer[..length])))
                {
                    metrics.EchoAnswered();
                }

                break;
            default:
                break;
        }
    }

    public void Malformed() => metrics.Malformed();

    public void Faulted(SpeakerLink link, Exception exception) => faulted(link, exception);

    /// <summary>
    /// A pair of gratuitous ARPs, as request and as reply: some stacks update their cache from only one of the forms.
    /// </summary>
    public void Announce(HeldAddress held, SpeakerLink link)
    {
        Span<byte> frame = stackalloc byte[ArpPacket.FrameLength];
        foreach (var packet in (ReadOnlySpan<ArpPacket>)
            [ArpPacket.AnnouncementRequest(link.Mac, held.Address), ArpPacket.AnnouncementReply(link.Mac, held.Address)])
        {
            packet.WriteFrame(frame, MacAddress.Broadcast);
            if (Sent(held.Send(link, EtherType.Arp, frame)))
            {
                metrics.Announced();
            }
        }
    }

    private bool Sent(SocketError result)
    {
        if (result is not (SocketError.Success or SocketError.OperationAborted))
        {
            metrics.NotSent();
        }

        return result == SocketError.Success;
    }
}
