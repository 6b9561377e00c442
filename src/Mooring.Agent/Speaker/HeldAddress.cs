using Mooring.Core.Packets;

namespace Mooring.Agent.Speaker;

/// <summary>An address this node answers for, until its deadline.</summary>
internal sealed class HeldAddress(IPv4Address address, long deadline)
{
    private long _deadline = deadline;

    public IPv4Address Address { get; } = address;

    /// <summary>Where it is announced; null while no interface has its subnet.</summary>
    public SpeakerLink? Link { get; set; }

    /// <summary>Runs the burst and the refresh.</summary>
    public ITimer? Timer { get; set; }

    /// <summary>Pairs of the burst sent so far, the first one included.</summary>
    public int Announced { get; set; }

    /// <summary>Whether an answer may still be sent at <paramref name="timestamp"/>.</summary>
    public bool IsLive(long timestamp) => timestamp < Volatile.Read(ref _deadline);

    public void ExtendDeadline(long deadline) => Volatile.Write(ref _deadline, deadline);
}
