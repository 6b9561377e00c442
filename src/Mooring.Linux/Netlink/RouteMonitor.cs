namespace Mooring.Linux.Netlink;

/// <summary>
/// Tells that devices, neighbours, routes or rules changed, not what. Belongs to the network namespace of the thread that
/// opens it.
/// </summary>
public sealed class RouteMonitor : IDisposable
{
    private readonly NetlinkSocket _socket;

    private RouteMonitor(NetlinkSocket socket) => _socket = socket;

    /// <exception cref="SystemCallException">The kernel has no netlink for us.</exception>
    public static RouteMonitor Open() => new(NetlinkSocket.OpenFor(
        NetlinkConstants.GroupLink,
        NetlinkConstants.GroupIPv4Route,
        NetlinkConstants.GroupIPv6Route,
        NetlinkConstants.GroupIPv4Rule,
        NetlinkConstants.GroupIPv6Rule));

    internal static RouteMonitor Open(int bufferBytes)
    {
        var monitor = Open();
        monitor._socket.SetReceiveBuffer(bufferBytes);
        return monitor;
    }

    public Task WaitForChangeAsync(CancellationToken cancellationToken) => _socket.WaitReadableAsync(cancellationToken);

    /// <summary>Whether something changed since the last call.</summary>
    public bool TakeChange()
    {
        var changed = false;
        return !_socket.Drain(_ => changed = true) || changed;
    }

    public void Dispose() => _socket.Dispose();
}
