namespace Mooring.Core.Failover;

/// <summary>What the addresses of one machine share: the peers, the node's own condition, the actions so far.</summary>
internal sealed class FailoverContext(string self)
{
    public string Self { get; } = self;

    public Dictionary<string, FailoverPeer> Peers { get; } = new(StringComparer.Ordinal);

    public List<FailoverAction> Actions { get; } = [];

    public bool ControllerConnected { get; set; }

    /// <summary>The agent is shutting down: nothing is claimed any more.</summary>
    public bool Stopping { get; set; }

    /// <summary>Who has to hear of an address changed.</summary>
    public bool AudienceChanged { get; set; }

    /// <summary>Grows with every change of a role, holder or term.</summary>
    public int Version { get; set; }

    public void SendSoon(string peer)
    {
        if (Peers.TryGetValue(peer, out var known))
        {
            known.SendSoon = true;
        }
    }
}
