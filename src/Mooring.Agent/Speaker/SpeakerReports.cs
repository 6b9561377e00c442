using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Mooring.Core.Packets;

namespace Mooring.Agent.Speaker;

/// <summary>What the responders tell of what they see and do.</summary>
internal sealed class SpeakerReports(ChannelWriter<ObservedClaim> claims, SpeakerMetrics metrics, TimeProvider time)
{
    public SpeakerMetrics Metrics => metrics;

    public void Claimed(IPAddress address, MacAddress mac, SpeakerLink link)
    {
        metrics.ClaimSeen();
        claims.TryWrite(new ObservedClaim(address, mac.ToPhysicalAddress(), link.Interface.Name, time.GetTimestamp()));
    }

    /// <summary>True when the frame left; a frame that the fence held back is no failure.</summary>
    public bool Sent(SocketError result)
    {
        if (result is not (SocketError.Success or SocketError.OperationAborted))
        {
            metrics.NotSent();
        }

        return result == SocketError.Success;
    }
}
