using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Failover;

/// <summary>What other threads give to the failover thread.</summary>
internal abstract record FailoverInput
{
    private FailoverInput()
    {
    }

    public sealed record Snapshot(ClusterSnapshot Value) : FailoverInput;

    public sealed record Interfaces(ImmutableArray<NodeInterface> Value) : FailoverInput;

    public sealed record Controller(bool Connected) : FailoverInput;

    /// <param name="InterfaceName">The interface the gateway is reached by.</param>
    /// <param name="Family">For the addresses of which family it is the gateway.</param>
    /// <param name="Reachable">Null when no gateway is known, or none that was ever heard.</param>
    public sealed record Gateway(string InterfaceName, AddressFamily Family, bool? Reachable) : FailoverInput;

    public sealed record ObservedClaim(IPAddress Address, PhysicalAddress MacAddress) : FailoverInput;

    /// <summary>A packet from the heartbeat port. It is used again once it was handled.</summary>
    public sealed record Packet : FailoverInput
    {
        /// <summary>Longer than any heartbeat, so that one that is too long is seen as such.</summary>
        private const int Capacity = 2048;

        public byte[] Buffer { get; } = new byte[Capacity];

        public int Length { get; set; }
    }

    public sealed record Stop : FailoverInput;

    /// <summary>End at once without handing over, as a crash would.</summary>
    public sealed record Abort : FailoverInput;
}
