namespace Mooring.Core.Failover;

/// <summary>Another node, as this one hears it.</summary>
internal sealed class FailoverPeer(string name)
{
    public string Name { get; } = name;

    /// <summary>Addresses this node and the peer back each other up for. None means that nothing is sent.</summary>
    public List<AddressFailover> Shared { get; } = [];

    /// <summary>Shortest interval among the shared addresses.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.MaxValue;

    /// <summary>Longest detection time among the shared addresses: the peer may share only the slow ones with this node.</summary>
    public TimeSpan Detect { get; set; }

    public ulong Epoch { get; set; }

    /// <summary>Revision of the snapshot it worked from when it was last heard.</summary>
    public ulong Revision { get; set; }

    public TimeSpan? LastHeard { get; set; }

    /// <summary>The peer said in its last heartbeat that it hears this node.</summary>
    public bool HearsUs { get; set; }

    /// <summary>The peer shuts down and takes nothing over.</summary>
    public bool Leaving { get; set; }

    public TimeSpan? LastSent { get; set; }

    public TimeSpan NextSend { get; set; }

    /// <summary>Something changed that the peer should hear now.</summary>
    public bool SendSoon { get; set; }

    /// <summary>What the peer is told of the shared addresses.</summary>
    public HeartbeatDraft About { get; } = new();

    /// <summary>What the peer is told of all addresses.</summary>
    public HeartbeatDraft Greeting { get; } = new();

    public bool HeardWithin(TimeSpan now, TimeSpan window) => LastHeard is { } heard && now - heard <= window;
}
