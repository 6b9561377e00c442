using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Agent.DataPlane.Tables;
using Mooring.Linux;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// Brings tunnels, routes and rules to a plan: first what is missing, then, once the rules of the table do not refer to it
/// any more, what is left over. It goes by what the kernel has, so leftovers of a crash are found as well.
/// </summary>
internal sealed class DirectPaths(string sysctlDirectory)
{
    /// <summary>"m": marks our routes and rules among those of other programs.</summary>
    private const byte Protocol = 109;

    private const uint RulePriority = 7946;
    private const uint VxlanIdentifier = 7946;

    /// <summary>The kernel takes packets from a device with a reverse path filter only when it has an address.</summary>
    private static readonly IPAddress DeviceAddress = IPAddress.Parse("169.254.109.109");

    /// <summary>The second tunnel was made, and whoever refers to it has not been told yet.</summary>
    public bool SecondTunnelIsNew { get; private set; }

    public void SecondTunnelIsKnown() => SecondTunnelIsNew = false;

    /// <summary>Adds what is missing.</summary>
    /// <returns>What had to be done, in words.</returns>
    /// <exception cref="SystemCallException">The kernel refused.</exception>
    public ImmutableArray<string> Ensure(PathPlan plan)
    {
        using var configuration = new NetworkConfiguration(Protocol);
        var done = ImmutableArray.CreateBuilder<string>();
        var links = EnsureDevices(configuration, plan, done);
        var wanted = Wanted.Of(plan, links);
        var devices = DeviceIndexes(links);
        Add(wanted.Neighbours.Except(configuration.Neighbours(devices)), configuration.Add, done);
        Add(wanted.Entries.Except(configuration.TunnelEntries(devices)), configuration.Add, done);
        Add(wanted.Routes.Except(configuration.Routes()), configuration.Add, done);
        Add(wanted.Rules.Except(configuration.Rules()), configuration.Add, done);
        return done.ToImmutable();
    }

    /// <summary>Removes what the plan does not have; everything without one.</summary>
    public void Prune(PathPlan? plan)
    {
        using var configuration = new NetworkConfiguration(Protocol);
        var links = configuration.Links();
        var wanted = plan is null ? Wanted.Nothing : Wanted.Of(plan, links);
        foreach (var rule in configuration.Rules().Except(wanted.Rules))
        {
            configuration.Remove(rule);
        }

        foreach (var route in configuration.Routes().Except(wanted.Routes))
        {
            configuration.Remove(route);
        }

        var devices = DeviceIndexes(links);
        if (plan is null)
        {
            foreach (var index in devices)
            {
                configuration.RemoveLink(index);
            }

            return;
        }

        foreach (var entry in configuration.TunnelEntries(devices).Except(wanted.Entries))
        {
            configuration.Remove(entry);
        }

        foreach (var neighbour in configuration.Neighbours(devices).Except(wanted.Neighbours))
        {
            configuration.Remove(neighbour);
        }
    }

    private static void Add<T>(IEnumerable<T> missing, Action<T> add, ImmutableArray<string>.Builder done)
    {
        foreach (var one in missing)
        {
            add(one);
            done.Add($"{one} was missing");
        }
    }

    private static HashSet<int> DeviceIndexes(ImmutableArray<LinkState> links) =>
    [
        .. links.Where(link => link.Name is DirectSchema.Tunnel or DirectSchema.SecondTunnel).Select(link => link.Index),
    ];

    private ImmutableArray<LinkState> EnsureDevices(
        NetworkConfiguration configuration, PathPlan plan, ImmutableArray<string>.Builder done)
    {
        VxlanDevice[] devices =
        [
            new(DirectSchema.Tunnel, VxlanIdentifier, DirectSchema.TunnelPort, plan.TunnelMac, plan.TunnelMtu),

            // As large as what a flow was begun with on a shared segment: the outer packet is fragmented if need be.
            new(DirectSchema.SecondTunnel, VxlanIdentifier + 1, DirectSchema.TunnelPort, plan.TunnelMac, plan.Mtu),
        ];
        var links = configuration.Links();
        var changed = false;
        foreach (var device in devices)
        {
            var link = links.FirstOrDefault(link => link.Name == device.Name);
            if (link is { Up: true } && link.Kind == "vxlan" && link.Mac.Equals(device.Mac) && link.Mtu == device.Mtu)
            {
                continue;
            }

            if (link is not null)
            {
                configuration.RemoveLink(link.Index);
            }

            Add(configuration, device);
            SecondTunnelIsNew |= device.Name == DirectSchema.SecondTunnel;
            done.Add($"device {device.Name} was missing or different");
            changed = true;
        }

        return changed ? configuration.Links() : links;
    }

    /// <summary>A device without its address drops what it is given, and would be taken for a whole one: there is none rather than half of one.</summary>
    private void Add(NetworkConfiguration configuration, VxlanDevice device)
    {
        configuration.Add(device);
        var index = configuration.Links().First(link => link.Name == device.Name).Index;
        try
        {
            configuration.AddAddress(index, DeviceAddress);
            AllowAnySource(device.Name);
        }
        catch
        {
            configuration.RemoveLink(index);
            throw;
        }
    }

    /// <summary>
    /// Clients' addresses come in here that routes lead elsewhere; 2 lets them pass whatever "all" says, of which the larger
    /// counts (Documentation/networking/ip-sysctl.rst).
    /// </summary>
    private void AllowAnySource(string device)
    {
        var setting = Path.Combine(sysctlDirectory, "ipv4/conf", device, "rp_filter");
        try
        {
            File.WriteAllText(setting, "2");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var all = Path.Combine(sysctlDirectory, "ipv4/conf/all/rp_filter");
            if (File.ReadAllText(all).Trim() == "1" || File.ReadAllText(setting).Trim() == "1")
            {
                throw new IOException(
                    "net.ipv4.conf.all.rp_filter is 1 and cannot be loosened for the tunnels: run sysctl -w net.ipv4.conf.all.rp_filter=2 on the node",
                    exception);
            }
        }
    }

    private sealed record Wanted(
        ImmutableHashSet<LinkNeighbour> Neighbours,
        ImmutableHashSet<TunnelEntry> Entries,
        ImmutableHashSet<TableRoute> Routes,
        ImmutableHashSet<PolicyRule> Rules)
    {
        public static readonly Wanted Nothing = new([], [], [], []);

        public static Wanted Of(PathPlan plan, ImmutableArray<LinkState> links)
        {
            AddressFamily[] families = plan.IPv6
                ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]
                : [AddressFamily.InterNetwork];
            var up = links.Where(link => link.Up).ToDictionary(link => link.Name, link => link.Index, StringComparer.Ordinal);
            var tunnel = up.GetValueOrDefault(DirectSchema.Tunnel);
            var second = up.GetValueOrDefault(DirectSchema.SecondTunnel);
            if (tunnel == 0 || second == 0)
            {
                return Nothing;
            }

            var wanted = (
                Neighbours: ImmutableHashSet.CreateBuilder<LinkNeighbour>(),
                Entries: ImmutableHashSet.CreateBuilder<TunnelEntry>(),
                Routes: ImmutableHashSet.CreateBuilder<TableRoute>(),
                Rules: ImmutableHashSet.CreateBuilder<PolicyRule>());
            foreach (var family in families)
            {
                // dup asks for a route to the next hop and takes an address for a neighbour only behind a route.
                wanted.Routes.Add(new TableRoute(family, DirectMarks.Node, null, second));
                wanted.Rules.Add(new PolicyRule(family, RulePriority - 1, 0, DirectSchema.SecondTunnel, DirectMarks.Node));
            }

            foreach (var peer in plan.Peers)
            {
                foreach (var device in (int[])[tunnel, second])
                {
                    wanted.Entries.Add(new TunnelEntry(device, peer.TunnelMac, peer.TunnelAddress));
                    wanted.Neighbours.UnionWith(families.Select(
                        family => new LinkNeighbour(device, GatewayOf(peer, family), peer.TunnelMac)));
                }

                foreach (var family in families)
                {
                    var hop = family == AddressFamily.InterNetwork ? peer.HopV4 : peer.HopV6;
                    wanted.Rules.Add(new PolicyRule(family, RulePriority, peer.Mark, "", peer.Mark));
                    wanted.Routes.Add(hop is not null && up.TryGetValue(hop.Interface, out var index)
                        ? new TableRoute(family, peer.Mark, hop.Address, index)
                        : new TableRoute(family, peer.Mark, GatewayOf(peer, family), tunnel));
                }
            }

            return new Wanted(
                wanted.Neighbours.ToImmutable(), wanted.Entries.ToImmutable(), wanted.Routes.ToImmutable(), wanted.Rules.ToImmutable());
        }

        private static IPAddress GatewayOf(PeerPath peer, AddressFamily family) =>
            family == AddressFamily.InterNetwork ? peer.TunnelAddress : peer.GatewayV6;
    }
}
