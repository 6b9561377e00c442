using System.Net;
using System.Net.Sockets;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// Multicast groups that this machine is a member of on one interface. The kernel reports them by MLD, so that switches
/// that listen to it pass the groups on, and has the network card take them. One caller at a time.
/// </summary>
/// <param name="interfaceIndex">Where.</param>
/// <param name="open">Opens an IPv6 UDP socket in the network namespace of the interface.</param>
public sealed class MulticastGroups(int interfaceIndex, Func<Socket> open) : IDisposable
{
    /// <summary>The kernel charges a socket for each of its groups, up to net.core.optmem_max (20 KiB before Linux 6.7).</summary>
    private const int GroupsPerSocket = 64;

    private readonly List<(Socket Socket, HashSet<IPAddress> Groups)> _sockets = [];

    /// <summary>Joins what is missing and leaves what is too many.</summary>
    /// <exception cref="SocketException">
    /// The kernel refused a group (no IPv6 on the interface, out of memory); those before it are joined.
    /// </exception>
    public void Set(IReadOnlySet<IPAddress> groups)
    {
        for (var i = _sockets.Count - 1; i >= 0; i--)
        {
            var (socket, joined) = _sockets[i];
            foreach (var group in joined.Where(group => !groups.Contains(group)).ToArray())
            {
                Leave(socket, group);
                joined.Remove(group);
            }

            if (joined.Count == 0)
            {
                socket.Dispose();
                _sockets.RemoveAt(i);
            }
        }

        var known = _sockets.SelectMany(one => one.Groups).ToHashSet();
        foreach (var group in groups.Where(group => !known.Contains(group)))
        {
            Join(group);
        }
    }

    public void Dispose()
    {
        foreach (var (socket, _) in _sockets)
        {
            socket.Dispose();
        }

        _sockets.Clear();
    }

    private void Join(IPAddress group)
    {
        if (_sockets.Count == 0 || _sockets[^1].Groups.Count == GroupsPerSocket)
        {
            _sockets.Add((open(), []));
        }

        var (socket, joined) = _sockets[^1];
        socket.SetSocketOption(
            SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(group, interfaceIndex));
        joined.Add(group);
    }

    private void Leave(Socket socket, IPAddress group)
    {
        try
        {
            socket.SetSocketOption(
                SocketOptionLevel.IPv6, SocketOptionName.DropMembership, new IPv6MulticastOption(group, interfaceIndex));
        }
        catch (SocketException)
        {
            // The interface is gone, and the membership with it.
        }
    }
}
