using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>What the machine wants done, to be done in the order given. Times are on the machine's clock.</summary>
public abstract record FailoverAction
{
    private FailoverAction()
    {
    }

    /// <summary>
    /// Make it durable that terms up to <paramref name="Highest"/> may have been used. Comes well ahead of need, so it
    /// may be done in the background; a <see cref="Hold"/> whose term is not yet durable waits for it.
    /// </summary>
    public sealed record PersistTerm(IPAddress Address, ulong Highest) : FailoverAction;

    /// <summary>Start to answer and announce; answers only before the deadline.</summary>
    public sealed record Hold(IPAddress Address, ulong Term, TimeSpan Deadline) : FailoverAction;

    /// <summary>Announce a held address again: neighbours may have learned somebody else.</summary>
    public sealed record Announce(IPAddress Address, TimeSpan Deadline) : FailoverAction;

    /// <summary>Move the deadline of a held address on. One instance per address is used again and again.</summary>
    public sealed record ExtendDeadline(IPAddress Address) : FailoverAction
    {
        public TimeSpan Deadline { get; internal set; }
    }

    /// <summary>Stop answering now.</summary>
    public sealed record Release(IPAddress Address, HolderChangeReason Reason) : FailoverAction;

    /// <summary>Tell <paramref name="Peer"/>; an empty list of claims is sent too: it says that this node lives.</summary>
    /// <param name="Peer">Name of the node.</param>
    /// <param name="Claims">What to say.</param>
    /// <param name="PeerEpoch">The start of the peer that this node has heard lately; 0 when it has not.</param>
    /// <param name="Leaving">This node shuts down and takes nothing over.</param>
    /// <remarks>
    /// A claim whose own link is down goes over every other path to the peer. While nothing changes a peer is sent the
    /// same instance again.
    /// </remarks>
    public sealed record SendHeartbeat(
        string Peer, ImmutableArray<AddressClaim> Claims, ulong PeerEpoch, bool Leaving) : FailoverAction;

    /// <summary>This node took or gave up an address.</summary>
    /// <param name="Address">The virtual address.</param>
    /// <param name="Role">The role it has now.</param>
    /// <param name="Term">Term of the claim that was made or given up.</param>
    /// <param name="PreviousHolder">Node that held the address before, when it was taken from a known one.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Phases">The steps that led to it when the address was taken; null when it was given up.</param>
    public sealed record HolderChanged(
        IPAddress Address,
        AddressRole Role,
        ulong Term,
        string? PreviousHolder,
        HolderChangeReason Reason,
        FailoverPhases? Phases) : FailoverAction;

    /// <summary>A move the controller asked for did not come about; this node goes on holding the address.</summary>
    public sealed record MoveGivenUp(IPAddress Address, MoveIntent Move) : FailoverAction;

    /// <summary>Another machine claims an address this node holds.</summary>
    /// <param name="Address">The virtual address.</param>
    /// <param name="Node">The node that claims it, or null for a host that is no node of ours.</param>
    /// <param name="MacAddress">Who announced it on the wire, or null when it was heard in a heartbeat.</param>
    public sealed record Conflict(IPAddress Address, string? Node, PhysicalAddress? MacAddress) : FailoverAction;
}
