namespace Mooring.Core.Failover;

/// <summary>What the addresses of one machine share: the peers, the node's own condition, the actions so far.</summary>
internal sealed class FailoverContext(string self, FailoverRules rules)
{
    public string Self { get; } = self;

    public FailoverRules Rules { get; } = rules;

    public Dictionary<string, FailoverPeer> Peers { get; } = new(StringComparer.Ordinal);

    public List<FailoverAction> Actions { get; } = [];

    /// <summary>The addresses this node answers for.</summary>
    public HashSet<AddressFailover> Held { get; } = [];

    /// <summary>Revision of the snapshot in use.</summary>
    public ulong Revision { get; set; }

    /// <summary>Longest detection time of all addresses in it.</summary>
    public TimeSpan LongestDetect { get; set; }

    /// <summary>The present call came later than it was wanted.</summary>
    public bool IsLate { get; set; }

    public bool ControllerConnected { get; set; }

    /// <summary>The agent is shutting down: nothing is claimed any more.</summary>
    public bool Stopping { get; set; }

    /// <summary>Who has to hear of an address changed.</summary>
    public bool AudienceChanged { get; set; }

    /// <summary>Grows with every change of a role, holder, term, or of what is to be said in heartbeats.</summary>
    public int Version { get; set; }

    /// <summary>No address has anything to do by itself before this.</summary>
    public TimeSpan NextDue { get; private set; } = TimeSpan.MaxValue;

    public void DueAt(TimeSpan time) => NextDue = time < NextDue ? time : NextDue;

    public void NothingDue() => NextDue = TimeSpan.MaxValue;

    public void SendSoon(string peer)
    {
        if (Peers.TryGetValue(peer, out var known))
        {
            known.SendSoon = true;
        }
    }
}
