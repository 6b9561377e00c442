using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Mooring.Linux.Netlink;

/// <summary>
/// Follows the default routes of a network namespace through rtnetlink(7): that of the thread that opens the monitor. One
/// caller at a time.
/// </summary>
public sealed class DefaultGatewayMonitor : IDisposable
{
    private readonly NetlinkSocket _queries;
    private readonly NetlinkSocket _changes;

    private DefaultGatewayMonitor(NetlinkSocket queries, NetlinkSocket changes)
    {
        _queries = queries;
        _changes = changes;
    }

    /// <exception cref="SystemCallException">The kernel refused the socket.</exception>
    public static DefaultGatewayMonitor Open()
    {
        var changes = NetlinkSocket.OpenFor(NetlinkConstants.GroupIPv4Route, NetlinkConstants.GroupIPv6Route);
        try
        {
            return new DefaultGatewayMonitor(NetlinkSocket.Open(), changes);
        }
        catch
        {
            changes.Dispose();
            throw;
        }
    }

    /// <summary>Next hops of the default routes of the main table, IPv4 and IPv6, preferred first.</summary>
    public ImmutableArray<DefaultGateway> Snapshot()
    {
        var gateways = new List<DefaultGateway>();
        _queries.Dump(NetlinkConstants.GetRoute, gateways.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewRoute)
            {
                RouteMessages.ReadDefaultGateways(message.Body, gateways);
            }
        });
        return [.. gateways.OrderBy(gateway => gateway.Metric)];
    }

    /// <summary>The gateways now, and again after each change; equal states in a row are left out.</summary>
    /// <param name="pause">
    /// Least time between two looks: a look reads every route of the node, and other routes change often.
    /// </param>
    /// <param name="time">Of the pause.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<ImmutableArray<DefaultGateway>> WatchAsync(
        TimeSpan pause, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
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

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    public void Dispose()
    {
        _changes.Dispose();
        _queries.Dispose();
    }
}
