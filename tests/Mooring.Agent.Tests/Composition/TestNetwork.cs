using System.Net;
using System.Net.Sockets;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.Composition;

/// <summary>
/// Two nodes with a pod each, a client and a controller's place on one segment, 10.70.0.0/24. Pod N is 10.71.N.2 behind
/// node N, 10.70.0.1N; the segment's switch has 10.70.0.1; the client is 10.70.0.50.
/// </summary>
internal sealed class TestNetwork : IDisposable
{
    private const string Prefix = "mr-ag-";
    private readonly Dictionary<string, NetworkNamespace> _namespaces = [];

    public TestNetwork()
    {
        RemoveAll();
        foreach (var name in new[] { "sw", "n1", "n2", "p1", "p2", "c" })
        {
            _namespaces[name] = NetworkNamespace.Create(Prefix + name);
            Shell.Run($"ip -n {Prefix}{name} link set lo up");
        }

        Shell.Run($"ip -n {Prefix}sw link add br0 type bridge && ip -n {Prefix}sw addr add 10.70.0.1/24 dev br0 && ip -n {Prefix}sw link set br0 up");
        Plug("n1", "10.70.0.11/24");
        Plug("n2", "10.70.0.12/24");
        Plug("c", "10.70.0.50/24");
        foreach (var n in new[] { 1, 2 })
        {
            Shell.Run($"ip -n {Prefix}n{n} link add pod0 type veth peer name eth0 netns {Prefix}p{n}");
            Shell.Run($"ip -n {Prefix}n{n} addr add 10.71.{n}.1/24 dev pod0 && ip -n {Prefix}n{n} link set pod0 up");
            Shell.Run($"ip -n {Prefix}p{n} addr add 10.71.{n}.2/24 dev eth0 && ip -n {Prefix}p{n} link set eth0 up");
            Shell.Run($"ip -n {Prefix}p{n} route add default via 10.71.{n}.1");
            Shell.Run($"ip -n {Prefix}n{n} route add 10.71.{3 - n}.0/24 via 10.70.0.1{3 - n}");
            Shell.Run($"ip netns exec {Prefix}n{n} sysctl -qw net.ipv4.ip_forward=1");
        }
    }

    public NetworkNamespace this[string name] => _namespaces[name];

    public static string FullName(string name) => Prefix + name;

    /// <summary>A socket that belongs to the namespace.</summary>
    public Socket Socket(string name) =>
        _namespaces[name].Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    public Socket Listener(string name, IPEndPoint endPoint)
    {
        var socket = Socket(name);
        socket.Bind(endPoint);
        return socket;
    }

    /// <summary>Hardware address the client has for <paramref name="address"/>, or "".</summary>
    public static string ClientNeighbour(string address) =>
        Shell.Try($"ip -n {Prefix}c neigh show {address}").Output.Split("lladdr ").ElementAtOrDefault(1)?.Split(' ')[0] ?? "";

    public static string HardwareAddress(string name) =>
        Shell.Run($"ip -n {Prefix}{name} link show eth0").Split("link/ether ")[1].Split(' ')[0];

    public void Dispose()
    {
        foreach (var ns in _namespaces.Values)
        {
            ns.Dispose();
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

    private static void Plug(string name, string address)
    {
        Shell.Run($"ip -n {Prefix}{name} link add eth0 type veth peer name {name} netns {Prefix}sw");
        Shell.Run($"ip -n {Prefix}sw link set {name} master br0 && ip -n {Prefix}sw link set {name} up");
        Shell.Run($"ip -n {Prefix}{name} addr add {address} dev eth0 && ip -n {Prefix}{name} link set eth0 up");
    }
}
