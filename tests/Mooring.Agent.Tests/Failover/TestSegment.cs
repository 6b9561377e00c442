using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.Failover;

/// <summary>Three namespaces as nodes on a bridge in a fourth. Needs root; removes what an earlier run left.</summary>
internal sealed class TestSegment : IDisposable
{
    public const int Nodes = 3;

    private const string Prefix = "mr-fo-";

    private static int _segments;

    // With the process and a number in the name, so that two at once stay out of each other's way.
    private readonly string _mine = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _segments)}-";
    private readonly string _switch;
    private readonly NetworkNamespace[] _nodes;

    public TestSegment()
    {
        _switch = $"{_mine}sw";
        RemoveAll();
        using var bridge = NetworkNamespace.Create(_switch);
        Ip($"-n {_switch} link add br0 type bridge");
        Ip($"-n {_switch} link set br0 up");
        _nodes = [.. Enumerable.Range(1, Nodes).Select(Connect)];
    }

    public static string? WhyNot => Environment.UserName != "root" ? "needs root to create network namespaces" : null;

    public NetworkNamespace this[int node] => _nodes[node - 1];

    public static IPAddress AddressOf(int node) => new([10, 99, 0, (byte)(10 + node)]);

    public static IPAddress AddressV6Of(int node) => IPAddress.Parse($"fd00:99::1{node}");

    /// <summary>The interface with these addresses of its own only.</summary>
    public static ImmutableArray<NodeInterface> Interfaces(int node, params ReadOnlySpan<IPAddress> addresses)
    {
        var own = ImmutableArray.CreateBuilder<InterfaceAddress>();
        foreach (var address in addresses)
        {
            own.Add(new InterfaceAddress(
                address,
                IPNetwork.Parse(address.AddressFamily == AddressFamily.InterNetwork ? "10.99.0.0/24" : "fd00:99::/64")));
        }

        return [Interfaces(node)[0] with { Addresses = own.ToImmutable() }];
    }

    /// <summary>The interface as an agent would describe it.</summary>
    public static ImmutableArray<NodeInterface> Interfaces(int node, bool up = true) =>
    [
        new NodeInterface
        {
            Name = "eth0",
            Index = 2,
            MacAddress = new PhysicalAddress([2, 0, 0, 0, 99, (byte)node]),
            Up = up,
            Addresses = [new InterfaceAddress(AddressOf(node), IPNetwork.Parse("10.99.0.0/24"))],
        },
    ];

    /// <summary>Takes the node off the switch; it keeps its carrier and notices nothing.</summary>
    public void Unplug(int node) => Ip($"-n {_switch} link set port{node} nomaster");

    public void Plug(int node) => Ip($"-n {_switch} link set port{node} master br0");

    public void Dispose()
    {
        foreach (var node in _nodes)
        {
            node.Dispose();
        }

        RemoveAll();
    }

    private void RemoveAll()
    {
        foreach (var name in NetworkNamespace.List(Prefix))
        {
            var owner = name[Prefix.Length..].Split('-')[0];
            if (name.StartsWith(_mine, StringComparison.Ordinal) || !Directory.Exists($"/proc/{owner}"))
            {
                NetworkNamespace.Delete(name);
            }
        }
    }

    private NetworkNamespace Connect(int number)
    {
        var name = $"{_mine}n{number}";
        var node = NetworkNamespace.Create(name);
        Ip($"-n {_switch} link add port{number} type veth peer name eth0 netns {name}");
        Ip($"-n {_switch} link set port{number} master br0 up");
        Ip($"-n {name} address add {AddressOf(number)}/24 dev eth0");
        Ip($"-n {name} address add {AddressV6Of(number)}/64 dev eth0 nodad");
        Ip($"-n {name} link set eth0 up");
        return node;
    }

    private static void Ip(string arguments)
    {
        var start = new ProcessStartInfo("ip") { RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments.Split(' '))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"ip {arguments}: {error}");
    }
}
