using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mooring.Linux.Netlink;

/// <summary>
/// Devices, routes, rules and neighbours of the network namespace the instance was opened in. Routes and rules carry the
/// number of the program that made them; only those of <paramref name="protocol"/> are seen and touched. Needs NET_ADMIN.
/// Not for use from several threads at once. Every method throws <see cref="SystemCallException"/> where the kernel refuses.
/// </summary>
/// <param name="protocol">Of linux/rtnetlink.h RTPROT_*, one nobody else uses.</param>
public sealed class NetworkConfiguration(byte protocol) : IDisposable
{
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public ImmutableArray<LinkState> Links()
    {
        var links = ImmutableArray.CreateBuilder<LinkState>();
        _socket.Dump(NetlinkConstants.GetLink, links.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewLink && RouteMessages.ReadLink(message.Body) is { } link)
            {
                links.Add(link);
            }
        });
        return links.ToImmutable();
    }

    /// <summary>Makes the device and takes it up, without ARP.</summary>
    public void Add(VxlanDevice device) => _socket.Execute(
        new NetlinkRequest(
                NetlinkConstants.NewLink, NetlinkConstants.CreateExclusively, LinkBody(0, up: true), $"add vxlan device {device.Name} on UDP port {device.Port}")
            .Put(NetlinkConstants.LinkName, device.Name)
            .Put(NetlinkConstants.LinkAddress, device.Mac.GetAddressBytes())
            .Put(NetlinkConstants.LinkMtu, (uint)device.Mtu)
            .PutNested(NetlinkConstants.LinkInformation, information => information
                .Put(NetlinkConstants.LinkInformationKind, "vxlan")
                .PutNested(NetlinkConstants.LinkInformationData, data => data
                    .Put(NetlinkConstants.VxlanIdentifier, device.Identifier)
                    .PutBigEndian(NetlinkConstants.VxlanPort, device.Port)
                    .Put(NetlinkConstants.VxlanLearning, (byte)0))));

    public void RemoveLink(int index) => _socket.Execute(
        new NetlinkRequest(NetlinkConstants.DeleteLink, 0, LinkBody(index, up: false), $"remove interface {index}"));

    /// <summary>Binds the address alone, without a subnet.</summary>
    public void AddAddress(int interfaceIndex, IPAddress address)
    {
        Span<byte> body = stackalloc byte[8];
        body[0] = FamilyOf(address.AddressFamily);
        body[1] = (byte)(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        MemoryMarshal.Write(body[4..], interfaceIndex);
        _socket.Execute(new NetlinkRequest(
                NetlinkConstants.NewAddress, NetlinkConstants.CreateOrReplace, body, $"add address {address} to interface {interfaceIndex}")
            .Put(NetlinkConstants.AddressLocal, address)
            .Put(NetlinkConstants.AddressPrefix, address));
    }

    public ImmutableHashSet<PolicyRule> Rules()
    {
        var rules = ImmutableHashSet.CreateBuilder<PolicyRule>();
        _socket.Dump(NetlinkConstants.GetRule, rules.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewRule && ConfigurationMessages.ReadRule(message.Body, protocol) is { } rule)
            {
                rules.Add(rule);
            }
        });
        return rules.ToImmutable();
    }

    public void Add(PolicyRule rule) => Execute(NetlinkConstants.NewRule, NetlinkConstants.CreateExclusively, rule, $"add {rule}");

    public void Remove(PolicyRule rule) => Execute(NetlinkConstants.DeleteRule, 0, rule, $"remove {rule}");

    public ImmutableHashSet<TableRoute> Routes()
    {
        var routes = ImmutableHashSet.CreateBuilder<TableRoute>();
        _socket.Dump(NetlinkConstants.GetRoute, routes.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewRoute && ConfigurationMessages.ReadRoute(message.Body, protocol) is { } route)
            {
                routes.Add(route);
            }
        });
        return routes.ToImmutable();
    }

    public void Add(TableRoute route) => Execute(NetlinkConstants.NewRoute, NetlinkConstants.CreateOrReplace, route, $"add {route}");

    public void Remove(TableRoute route) => Execute(NetlinkConstants.DeleteRoute, 0, route, $"remove {route}");

    /// <summary>Permanent neighbours of the interfaces.</summary>
    public ImmutableHashSet<LinkNeighbour> Neighbours(IReadOnlySet<int> interfaces)
    {
        var found = ImmutableHashSet.CreateBuilder<LinkNeighbour>();
        _socket.Dump(NetlinkConstants.GetNeighbour, found.Clear, message =>
        {
            if (message.Type == NetlinkConstants.NewNeighbour && ConfigurationMessages.ReadNeighbour(message.Body) is { } one
                && interfaces.Contains(one.InterfaceIndex))
            {
                found.Add(one);
            }
        });
        return found.ToImmutable();
    }

    public void Add(LinkNeighbour neighbour) =>
        Execute(NetlinkConstants.NewNeighbour, NetlinkConstants.CreateOrReplace, neighbour, $"add {neighbour}");

    public void Remove(LinkNeighbour neighbour) => Execute(NetlinkConstants.DeleteNeighbour, 0, neighbour, $"remove {neighbour}");

    public ImmutableHashSet<TunnelEntry> TunnelEntries(IReadOnlySet<int> interfaces)
    {
        var found = ImmutableHashSet.CreateBuilder<TunnelEntry>();
        _socket.Dump(
            NetlinkConstants.GetNeighbour,
            found.Clear,
            message =>
            {
                if (message.Type == NetlinkConstants.NewNeighbour && ConfigurationMessages.ReadTunnelEntry(message.Body) is { } one
                    && interfaces.Contains(one.InterfaceIndex))
                {
                    found.Add(one);
                }
            },
            NetlinkConstants.FamilyBridge);
        return found.ToImmutable();
    }

    public void Add(TunnelEntry entry) =>
        Execute(NetlinkConstants.NewNeighbour, NetlinkConstants.CreateOrReplace, entry, $"add {entry}");

    public void Remove(TunnelEntry entry) => Execute(NetlinkConstants.DeleteNeighbour, 0, entry, $"remove {entry}");

    public void Dispose() => _socket.Dispose();

    private static byte FamilyOf(AddressFamily family) =>
        family == AddressFamily.InterNetworkV6 ? NetlinkConstants.FamilyIPv6 : NetlinkConstants.FamilyIPv4;

    /// <summary>struct ifinfomsg</summary>
    private static byte[] LinkBody(int index, bool up)
    {
        var body = new byte[16];
        MemoryMarshal.Write(body.AsSpan(4), index);
        if (up)
        {
            MemoryMarshal.Write(body.AsSpan(8), NetlinkConstants.LinkUp | NetlinkConstants.LinkNoArp);
            MemoryMarshal.Write(body.AsSpan(12), NetlinkConstants.LinkUp | NetlinkConstants.LinkNoArp);
        }

        return body;
    }

    /// <summary>struct fib_rule_hdr</summary>
    private void Execute(ushort type, ushort flags, PolicyRule rule, string what)
    {
        Span<byte> body = stackalloc byte[12];
        body.Clear();
        body[0] = FamilyOf(rule.Family);
        body[7] = NetlinkConstants.RuleToTable;
        var request = new NetlinkRequest(type, flags, body, what)
            .Put(NetlinkConstants.RulePriority, rule.Priority)
            .Put(NetlinkConstants.RuleTable, rule.Table)
            .Put(NetlinkConstants.RuleProtocol, protocol);
        if (rule.Mark != 0)
        {
            request.Put(NetlinkConstants.RuleMark, rule.Mark).Put(NetlinkConstants.RuleMarkMask, uint.MaxValue);
        }

        if (rule.OutputInterface.Length > 0)
        {
            request.Put(NetlinkConstants.RuleOutputInterface, rule.OutputInterface);
        }

        _socket.Execute(request);
    }

    /// <summary>struct rtmsg</summary>
    private void Execute(ushort type, ushort flags, TableRoute route, string what)
    {
        Span<byte> body = stackalloc byte[12];
        body.Clear();
        body[0] = FamilyOf(route.Family);
        body[5] = protocol;
        body[6] = route.Gateway is null && route.Family == AddressFamily.InterNetwork
            ? NetlinkConstants.ScopeLink
            : NetlinkConstants.ScopeUniverse;
        body[7] = NetlinkConstants.RouteUnicast;
        if (route.Gateway is not null)
        {
            MemoryMarshal.Write(body[8..], NetlinkConstants.NextHopOnLink);
        }

        var request = new NetlinkRequest(type, flags, body, what)
            .Put(NetlinkConstants.RouteTable, route.Table)
            .Put(NetlinkConstants.RouteOutputInterface, (uint)route.InterfaceIndex);
        if (route.Gateway is not null)
        {
            request.Put(NetlinkConstants.RouteGateway, route.Gateway);
        }

        _socket.Execute(request);
    }

    private void Execute(ushort type, ushort flags, LinkNeighbour neighbour, string what) => _socket.Execute(
        new NetlinkRequest(
                type,
                flags,
                NeighbourBody(FamilyOf(neighbour.Address.AddressFamily), neighbour.InterfaceIndex, NetlinkConstants.NeighbourPermanent, 0),
                what)
            .Put(NetlinkConstants.NeighbourDestination, neighbour.Address)
            .Put(NetlinkConstants.NeighbourLinkAddress, neighbour.Mac.GetAddressBytes()));

    private void Execute(ushort type, ushort flags, TunnelEntry entry, string what) => _socket.Execute(
        new NetlinkRequest(
                type,
                flags,
                NeighbourBody(
                    NetlinkConstants.FamilyBridge,
                    entry.InterfaceIndex,
                    NetlinkConstants.NeighbourPermanent | NetlinkConstants.NeighbourNoArp,
                    NetlinkConstants.NeighbourSelf),
                what)
            .Put(NetlinkConstants.NeighbourLinkAddress, entry.Mac.GetAddressBytes())
            .Put(NetlinkConstants.NeighbourDestination, entry.Remote));

    /// <summary>struct ndmsg</summary>
    private static byte[] NeighbourBody(byte family, int interfaceIndex, ushort state, byte flags)
    {
        var body = new byte[12];
        body[0] = family;
        MemoryMarshal.Write(body.AsSpan(4), interfaceIndex);
        MemoryMarshal.Write(body.AsSpan(8), state);
        body[10] = flags;
        return body;
    }
}
