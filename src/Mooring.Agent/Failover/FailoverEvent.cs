using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Failover;

namespace Mooring.Agent.Failover;

/// <summary>What <see cref="FailoverService"/> tells its subscribers.</summary>
internal abstract record FailoverEvent
{
    private FailoverEvent()
    {
    }

    public required IPAddress Address { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>This node took or gave up the address.</summary>
    public sealed record HolderChange : FailoverEvent
    {
        public required AddressRole Role { get; init; }

        public required ulong Term { get; init; }

        /// <summary>Node that held the address before, when it was taken from a known one.</summary>
        public string? PreviousHolder { get; init; }

        public required HolderChangeReason Reason { get; init; }

        /// <summary>The steps that led to it, on the agent's monotonic clock, when it was taken; null when given up.</summary>
        public FailoverPhases? Phases { get; init; }

        /// <summary>From the last sign of the previous holder to the claim; zero when there was none.</summary>
        public TimeSpan Detect => Phases?.Silence ?? TimeSpan.Zero;

        /// <summary>The steps by the wall clock; null when it was given up or could not be announced.</summary>
        public FailoverTimes? Times { get; init; }

        /// <summary>From the decision to the first announcement sent.</summary>
        public TimeSpan Takeover { get; init; }

        /// <summary>This node answers now.</summary>
        public bool Held => Role is AddressRole.Holder or AddressRole.Yielding;
    }

    /// <summary>Another machine claims the address while this node holds it.</summary>
    public sealed record Conflict : FailoverEvent
    {
        /// <summary>The node that claims it, or null for a host that is no node of ours.</summary>
        public string? Node { get; init; }

        /// <summary>Who announced it on the wire, or null when it was heard in a heartbeat.</summary>
        public PhysicalAddress? MacAddress { get; init; }
    }
}
