using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Mooring.Linux.Netlink;

/// <summary>
/// Follows the interfaces and addresses of a network namespace through rtnetlink(7): that of the
/// thread that opens the monitor. One caller at a time.
/// </summary>
public sealed class NetworkInterfaceMonitor : IDisposable
{
    private readonly NetlinkSocket _queries;
    private readonly NetlinkSocket _changes;

    private NetworkInterfaceMonitor(NetlinkSocket queries, NetlinkSocket changes)
    {
        _queries = queries;
        _changes = changes;
    }

    /// <exception cref="SystemCallException">The kernel refused the socket.</exception>
    public static NetworkInterfaceMonitor Open()
    {
        var changes = NetlinkSocket.OpenFor(
            NetlinkConstants.GroupLink,
            NetlinkConstants.GroupIPv4Address,
            NetlinkConstants.GroupIPv6Address,
            NetlinkConstants.GroupIPv6Configuration);
        try
        {
            return new NetworkInterfaceMonitor(NetlinkSocket.Open(), changes);
        }
        catch
        {
            changes.Dispose();
            throw;
        }
    }

    internal static NetworkInterfaceMonitor Open(int bufferBytes)
    {
        var monitor = Open();
        monitor._changes.SetReceiveBuffer(bufferBytes);
        return monitor;
    }

    /// <summary>All interfaces with their addresses, by index.</summary>
    public ImmutableArray<LinkState> Snapshot()
    {
        var links = new List<LinkState>();
        _queries.Dump(NetlinkConstants.GetLink, links.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewLink && RouteMessages.ReadLink(message.Body) is { } link)
            {
                links.Add(link);
            }
        });

        var addresses = new List<(int InterfaceIndex, LinkAddress Address)>();
        _queries.Dump(NetlinkConstants.GetAddress, addresses.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewAddress && RouteMessages.ReadAddress(message.Body) is { } address)
            {
                addresses.Add(address);
            }
        });

        var byInterface = addresses.ToLookup(address => address.InterfaceIndex, address => address.Address);
        return [.. links
            .OrderBy(link => link.Index)
            .Select(link => link with { Addresses = [.. byInterface[link.Index]] })];
    }

    /// <summary>The interfaces now, and again after each change; equal states in a row are left out.</summary>
    public async IAsyncEnumerable<ImmutableArray<LinkState>> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = Snapshot();
        yield return last;
        while (true)
        {
            await _changes.WaitForChangeAsync(cancellationToken);
            var now = Snapshot();
            if (!now.SequenceEqual(last))
            {
                last = now;
                yield return now;
            }
        }
    }

    public void Dispose()
    {
        _changes.Dispose();
        _queries.Dispose();
    }
}
