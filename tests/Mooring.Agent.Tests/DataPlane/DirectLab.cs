using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// Three nodes and a client on one segment, a fourth node on another behind a router, and a client far away behind a
/// narrow link, which answers like a pod as well. Each node has a pod.
/// </summary>
public sealed class DirectLab : IDisposable
{
    public const string Vip = "10.70.0.100";
    public const string VipV6 = "fd00:70::100";
    public const int Nodes = 4;

    /// <summary>Ends what surely comes on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Prefix = $"mr-dl{Environment.ProcessId}-";

    private readonly Dictionary<string, NetworkNamespace> _namespaces = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<Socket> _sockets = [];

    public DirectLab()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces");
        RemoveLeftovers();
        string[] names = ["switch", "router", "client", "far", .. Each(node => $"n{node}"), .. Each(node => $"p{node}")];
        foreach (var name in names)
        {
            _namespaces[name] = NetworkNamespace.Create(Prefix + name);
            Ip(name, "link set lo up");
        }

        Ip("switch", "link add br0 type bridge forward_delay 0", "link set br0 up", "link add br1 type bridge forward_delay 0", "link set br1 up");
        Cable("router", "eth0", "br0", "10.70.0.1/24", "fd00:70::1/64");
        Cable("router", "eth1", "br1", "10.80.0.1/24", "fd00:80::1/64");
        Cable("client", "eth0", "br0", "10.70.0.200/24", "fd00:70::200/64");
        Ip("router", $"link add eth2 mtu 1300 type veth peer name eth0 netns {Prefix}far", "addr add 10.90.0.1/24 dev eth2", "addr add fd00:90::1/64 dev eth2 nodad", "link set eth2 up");
        Ip("far", "addr add 10.90.0.2/24 dev eth0", "addr add fd00:90::2/64 dev eth0 nodad", "link set eth0 up", "route add default via 10.90.0.1", "route add ::/0 via fd00:90::1");
        PodServer.Start(_namespaces["far"], "far", IPAddress.Parse("10.90.0.2"), _sockets);
        PodServer.Start(_namespaces["far"], "far", IPAddress.Parse("fd00:90::2"), _sockets);
        Forward("router");
        foreach (var node in Enumerable.Range(1, Nodes))
        {
            MakeNode(node);
        }

        foreach (var (node, other) in from node in Enumerable.Range(1, Nodes) from other in Enumerable.Range(1, Nodes) where other != node select (node, other))
        {
            if (node < Nodes && other < Nodes)
            {
                Ip($"n{node}", $"route add 10.71.{other}.0/24 via 10.70.0.1{other}", $"route add fd00:71:{other}::/64 via fd00:70::1{other}");
            }
        }
    }

    public static string NameOf(int node) => $"node-{node}";

    public static IPEndPoint PodOf(int node, bool v6 = false) =>
        new(IPAddress.Parse(v6 ? $"fd00:71:{node}::2" : $"10.71.{node}.2"), PodServer.Port);

    public NetworkNamespace Client => _namespaces["client"];

    public NetworkNamespace Node(int node) => _namespaces[$"n{node}"];

    /// <summary>The nodes as their agents would describe them.</summary>
    public ImmutableArray<NodePeer> Peers() =>
    [
        .. Each(node =>
        {
            var net = node == Nodes ? 80 : 70;
            return new NodePeer
            {
                Name = NameOf(node),
                Interfaces =
                [
                    new NodeInterface
                    {
                        Name = "eth0",
                        Index = 2,
                        MacAddress = PhysicalAddress.Parse(MacOf($"n{node}").Replace(':', '-').ToUpperInvariant()),
                        Up = true,
                        Addresses =
                        [
                            new InterfaceAddress(IPAddress.Parse($"10.{net}.0.1{node}"), IPNetwork.Parse($"10.{net}.0.0/24")),
                            new InterfaceAddress(IPAddress.Parse($"fd00:{net}::1{node}"), IPNetwork.Parse($"fd00:{net}::/64")),
                        ],
                    },
                ],
            };
        }),
    ];

    /// <summary>Has the clients find the VIP at the node, as if it had been announced.</summary>
    public void Announce(int node)
    {
        var mac = MacOf($"n{node}");
        foreach (var place in (string[])["client", "router"])
        {
            Ip(place, $"neigh replace {Vip} lladdr {mac} dev eth0 nud permanent", $"neigh replace {VipV6} lladdr {mac} dev eth0 nud permanent");
        }
    }

    /// <summary>One new connection; the pod's greeting, or what went wrong.</summary>
    public async Task<string> AskAsync(string from = "client", string to = Vip, int port = 80, int sourcePort = 0, TimeSpan? patience = null)
    {
        try
        {
            using var socket = await ConnectAsync(from, to, port, sourcePort, patience);
            return await ReadAsync(socket);
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode.ToString();
        }
        catch (OperationCanceledException)
        {
            return "timeout";
        }
    }

    public async Task<Socket> ConnectAsync(
        string from = "client", string to = Vip, int port = 80, int sourcePort = 0, TimeSpan? patience = null)
    {
        var socket = Open(from, to, SocketType.Stream, sourcePort);
        using var limit = new CancellationTokenSource(patience ?? Patience);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(to), port), limit.Token);
        return socket;
    }

    public Socket Open(string from, string to, SocketType type, int sourcePort = 0)
    {
        var family = IPAddress.Parse(to).AddressFamily;
        var socket = _namespaces[from].Run(() => new Socket(family, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp));
        _sockets.Add(socket);
        if (sourcePort != 0)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.LingerState = new LingerOption(true, 0);
            socket.Bind(new IPEndPoint(family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, sourcePort));
        }

        return socket;
    }

    public static async Task<string> ReadAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        var buffer = new byte[300];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }

    /// <summary>Sends and takes back so many bytes, and compares them.</summary>
    public static async Task<bool> EchoesAsync(Socket socket, int bytes, TimeSpan? limit = null)
    {
        using var stop = new CancellationTokenSource(limit ?? Patience);
        var sent = new byte[bytes];
        Random.Shared.NextBytes(sent);
        var received = new byte[bytes];
        try
        {
            var sending = Task.Run(async () =>
            {
                for (var at = 0; at < bytes;)
                {
                    at += await socket.SendAsync(sent.AsMemory(at), stop.Token);
                }
            });
            for (var at = 0; at < bytes;)
            {
                var read = await socket.ReceiveAsync(received.AsMemory(at), stop.Token);
                if (read == 0)
                {
                    return false;
                }

                at += read;
            }

            await sending;
            return sent.AsSpan().SequenceEqual(received);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Runs a program in a place and returns what it printed.</summary>
    public string Run(string place, string program, string arguments) => _namespaces[place].Run(() =>
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
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
            NetworkNamespace.Delete(one.Name);
        }
    }

    private static IEnumerable<T> Each<T>(Func<int, T> make) => Enumerable.Range(1, Nodes).Select(make);

    /// <summary>Of runs that did not come to their end.</summary>
    private static void RemoveLeftovers()
    {
        foreach (var name in NetworkNamespace.List("mr-dl"))
        {
            var process = name["mr-dl".Length..].Split('-')[0];
            if (process == $"{Environment.ProcessId}" || !Directory.Exists($"/proc/{process}"))
            {
                NetworkNamespace.Delete(name);
            }
        }
    }

    private void MakeNode(int node)
    {
        var (place, pod, net) = ($"n{node}", $"p{node}", node == Nodes ? 80 : 70);
        Cable(place, "eth0", node == Nodes ? "br1" : "br0", $"10.{net}.0.1{node}/24", $"fd00:{net}::1{node}/64");
        Ip(
            place,
            $"route add default via 10.{net}.0.1",
            $"route add ::/0 via fd00:{net}::1",
            $"link add pod type veth peer name eth0 netns {Prefix}{pod}",
            $"addr add 10.71.{node}.1/24 dev pod",
            $"addr add fd00:71:{node}::1/64 dev pod nodad",
            "link set pod up");
        Ip(
            pod,
            $"addr add 10.71.{node}.2/24 dev eth0",
            $"addr add fd00:71:{node}::2/64 dev eth0 nodad",
            "link set eth0 up",
            $"route add default via 10.71.{node}.1",
            $"route add ::/0 via fd00:71:{node}::1");
        Ip("router", $"route add 10.71.{node}.0/24 via 10.{net}.0.1{node}", $"route add fd00:71:{node}::/64 via fd00:{net}::1{node}");
        Forward(place);
        _namespaces[place].Run(() =>
        {
            // As strict as a distribution may have it.
            File.WriteAllText("/proc/sys/net/ipv4/conf/all/rp_filter", "1");
            File.WriteAllText("/proc/sys/net/ipv4/conf/eth0/rp_filter", "1");
        });
        PodServer.Start(_namespaces[pod], pod, PodOf(node).Address, _sockets);
        PodServer.Start(_namespaces[pod], pod, PodOf(node, v6: true).Address, _sockets);
    }

    private void Forward(string place) => _namespaces[place].Run(() =>
    {
        File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
        File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "1");
    });

    private void Cable(string place, string device, string bridge, string address, string addressV6)
    {
        Ip("switch", $"link add {place}{device[^1]} type veth peer name {device} netns {Prefix}{place}", $"link set {place}{device[^1]} master {bridge} up");
        Ip(place, $"addr add {address} dev {device}", $"addr add {addressV6} dev {device} nodad", $"link set {device} up");
    }

    private string MacOf(string place) =>
        Run(place, "ip", "-br link show eth0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];

    private static void Ip(string place, params string[] commands)
    {
        foreach (var command in commands)
        {
            using var process = Process.Start("ip", $"-n {Prefix}{place} {command}");
            process.WaitForExit();
            process.ExitCode.ShouldBe(0, command);
        }
    }
}
