using System.Net;
using System.Threading.Channels;

namespace Mooring.Agent.Speaker;

/// <summary>
/// Answers ARP and ICMP echo for the addresses this node holds, on packet sockets, and reports what other machines
/// claim. The address is never bound to an interface: a dead speaker is silent.
/// </summary>
internal interface ISpeaker : IAsyncDisposable
{
    /// <summary>
    /// Starts to answer for <paramref name="address"/> on the interface that has its subnet, and sends the first
    /// gratuitous ARP pair before it returns; the rest of the burst and the refresh follow by themselves.
    /// </summary>
    /// <param name="address">The virtual address.</param>
    /// <param name="deadline">
    /// <see cref="TimeProvider.GetTimestamp"/> value past which no answer is sent until it is moved on.
    /// </param>
    /// <returns>Timestamp right before the first announcement; it is not sent when the deadline has passed.</returns>
    /// <exception cref="InvalidOperationException">No interface that is up has the address's subnet.</exception>
    long Hold(IPAddress address, long deadline);

    /// <summary>
    /// Moves the fencing deadline of a held address; ignored for one that is not held. When the one before had passed, the
    /// address is announced anew.
    /// </summary>
    void ExtendDeadline(IPAddress address, long deadline);

    /// <summary>Stops answering at once; no more is sent for the address.</summary>
    void Release(IPAddress address);

    /// <summary>Addresses to watch for claims by other machines, held here or not.</summary>
    void Watch(IReadOnlyCollection<IPAddress> addresses);

    /// <summary>ARP announcements of watched addresses seen from MAC addresses that are not this node's.</summary>
    ChannelReader<ObservedClaim> Claims { get; }
}
