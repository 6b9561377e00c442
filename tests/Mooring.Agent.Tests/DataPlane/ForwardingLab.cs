using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// A client, a node with two pods behind it and a pod on another machine of the same network, in network namespaces.
/// Each pod answers TCP and UDP over IPv4 and IPv6 with its name and the client address it saw.
/// </summary>
[CollectionDefinition(nameof(ForwardingLab))]
public sealed class ForwardingLab : ICollectionFixture<ForwardingLab>, IDisposable
{
    public const string Vip = "10.70.0.100";
    public const string VipV6 = "fd00:70::100";

    /// <summary>Takes packets and never answers: they end at a pod's interface, as they are for another MAC address.</summary>
    public const string Silent = "10.71.1.9";
    private const string Prefix = "mr-dp-";

    private static readonly string[] Names = ["client", "node", "pod1", "pod2", "remote"];

    private readonly Dictionary<string, NetworkNamespace> _namespaces = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Socket> _sockets = [];

    public ForwardingLab()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces");
        RemoveAll();
        foreach (var name in Names)
        {
            _namespaces[name] = NetworkNamespace.Create(Prefix + name);
        }

        // node: br0 is the LAN with the client and the other machine, veths to the pods.
        Ip($"""
            -n {Prefix}node link add lan type bridge forward_delay 0
            -n {Prefix}node addr add 10.70.0.11/24 dev lan
            -n {Prefix}node addr add fd00:70::11/64 dev lan nodad
            -n {Prefix}node link set lan up
            -n {Prefix}client link add eth0 type veth peer name c0 netns {Prefix}node
            -n {Prefix}node link set c0 master lan up
            -n {Prefix}client addr add 10.70.0.200/24 dev eth0
            -n {Prefix}client addr add fd00:70::200/64 dev eth0 nodad
            -n {Prefix}remote link add eth0 type veth peer name r0 netns {Prefix}node
            -n {Prefix}node link set r0 master lan up
            -n {Prefix}remote addr add 10.70.0.12/24 dev eth0
            -n {Prefix}remote addr add fd00:70::12/64 dev eth0 nodad
            -n {Prefix}remote addr add 10.71.2.2/32 dev lo
            -n {Prefix}remote addr add fd00:71:2::2/128 dev lo nodad
            -n {Prefix}pod1 link add eth0 type veth peer name p1 netns {Prefix}node
            -n {Prefix}pod1 addr add 10.71.1.2/32 dev eth0
            -n {Prefix}pod1 addr add fd00:71:1::2/128 dev eth0 nodad
            -n {Prefix}pod2 link add eth0 type veth peer name p2 netns {Prefix}node
            -n {Prefix}pod2 addr add 10.71.1.3/32 dev eth0
            -n {Prefix}pod2 addr add fd00:71:1::3/128 dev eth0 nodad
            -n {Prefix}node link set p1 up
            -n {Prefix}node addr add fe80::1/64 dev p1 nodad
            -n {Prefix}node link set p2 up
            -n {Prefix}node addr add fe80::1/64 dev p2 nodad
            """);
        foreach (var name in Names)
        {
            Ip($"-n {Prefix}{name} link set lo up");
            if (name != "node")
            {
                Ip($"-n {Prefix}{name} link set eth0 up");
            }
        }

        Ip($"""
            -n {Prefix}node route add 10.71.1.2 dev p1 src 10.70.0.11
            -n {Prefix}node route add fd00:71:1::2 dev p1 src fd00:70::11
            -n {Prefix}node route add 10.71.1.3 dev p2 src 10.70.0.11
            -n {Prefix}node route add fd00:71:1::3 dev p2 src fd00:70::11
            -n {Prefix}node route add {Silent} dev p1 src 10.70.0.11
            -n {Prefix}node neigh replace {Silent} lladdr 02:00:00:00:00:99 dev p1 nud permanent
            -n {Prefix}node route add 10.71.2.2 via 10.70.0.12
            -n {Prefix}node route add fd00:71:2::2 via fd00:70::12
            -n {Prefix}client route add local 10.73.0.0/16 dev lo
            -n {Prefix}client route add local fd00:73::/64 dev lo
            -n {Prefix}node route add 10.73.0.0/16 via 10.70.0.200
            -n {Prefix}node route add fd00:73::/64 via fd00:70::200
            -n {Prefix}pod1 route add 10.70.0.11/32 dev eth0
            -n {Prefix}pod1 route add default via 10.70.0.11 dev eth0
            -n {Prefix}pod1 route add ::/0 via fe80::1 dev eth0
            -n {Prefix}pod2 route add 10.70.0.11/32 dev eth0
            -n {Prefix}pod2 route add default via 10.70.0.11 dev eth0
            -n {Prefix}pod2 route add ::/0 via fe80::1 dev eth0
            """);
        _namespaces["node"].Run(() => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1"));
        _namespaces["client"].Run(() => File.WriteAllText("/proc/sys/net/ipv6/ip_nonlocal_bind", "1"));

        // The client finds the VIP at the node, as if it had been announced.
        var mac = _namespaces["node"].Run(() =>
        {
            using var process = Process.Start(new ProcessStartInfo("ip", "-br link show lan") { RedirectStandardOutput = true, UseShellExecute = false })!;
            return process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        });
        Ip($"-n {Prefix}client neigh replace {Vip} lladdr {mac} dev eth0 nud permanent");
        Ip($"-n {Prefix}client neigh replace {VipV6} lladdr {mac} dev eth0 nud permanent");
        foreach (var (name, address, addressV6) in ((string, string, string)[])
            [("pod1", "10.71.1.2", "fd00:71:1::2"), ("pod2", "10.71.1.3", "fd00:71:1::3"), ("remote", "10.71.2.2", "fd00:71:2::2")])
        {
            PodServer.Start(_namespaces[name], name, IPAddress.Parse(address), _sockets);
            PodServer.Start(_namespaces[name], name, IPAddress.Parse(addressV6), _sockets);
        }
    }

    public NetworkNamespace Node => _namespaces["node"];

    /// <summary>All of 10.73.0.0/16 and fd00:73::/64 are addresses of its own.</summary>
    public NetworkNamespace Client => _namespaces["client"];

    /// <summary>One new connection from the client; the answer, "refused" or "timeout".</summary>
    public string Connect(int port = 80, int timeoutMillis = 60_000, string from = "client", string to = Vip)
    {
        using var socket = _namespaces[from].Run(
            () => new Socket(IPAddress.Parse(to).AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        using var timeout = new CancellationTokenSource(timeoutMillis);
        try
        {
            socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(to), port), timeout.Token).AsTask().GetAwaiter().GetResult();
            var buffer = new byte[200];
            socket.ReceiveTimeout = timeoutMillis;
            return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        }
        catch (OperationCanceledException)
        {
            return "timeout";
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionRefused ? "refused" : exception.SocketErrorCode.ToString();
        }
    }

    /// <summary>Takes and sends packets of a protocol that this kernel has no other sockets for.</summary>
    public Socket OpenRaw(string place, AddressFamily family, int protocol) =>
        _namespaces[place].Run(() => RawSocket.Open(family, protocol));

    public Socket OpenUdp(AddressFamily family = AddressFamily.InterNetwork) =>
        _namespaces["client"].Run(() => new Socket(family, SocketType.Dgram, ProtocolType.Udp));

    public Socket OpenTcp(AddressFamily family = AddressFamily.InterNetwork) =>
        _namespaces["client"].Run(() => new Socket(family, SocketType.Stream, ProtocolType.Tcp));

    public static string Ask(Socket udp, int port = 53)
    {
        udp.ReceiveTimeout = 2000;
        try
        {
            udp.SendTo("?"u8.ToArray(), new IPEndPoint(
                IPAddress.Parse(udp.AddressFamily == AddressFamily.InterNetworkV6 ? VipV6 : Vip), port));
            var buffer = new byte[200];
            return Encoding.ASCII.GetString(buffer, 0, udp.Receive(buffer));
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode.ToString();
        }
    }

    /// <summary>Runs a program in the node's namespace and returns what it printed.</summary>
    public string OnNode(string program, string arguments) => Node.Run(() =>
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    });

    public void Dispose()
    {
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        foreach (var one in _namespaces.Values)
        {
            one.Dispose();
        }

        RemoveAll();
    }

    private static void RemoveAll()
    {
        foreach (var name in NetworkNamespace.List(Prefix))
        {
            NetworkNamespace.Delete(name);
        }
    }

    private static void Ip(string batch)
    {
        foreach (var line in batch.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            using var process = Process.Start("ip", line);
            process.WaitForExit();
            process.ExitCode.ShouldBe(0, line);
        }
    }
}
