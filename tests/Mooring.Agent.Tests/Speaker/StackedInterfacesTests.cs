using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Interfaces;
using Mooring.Agent.Speaker;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Netlink;
using Mooring.Linux.PacketSockets;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>
/// VLANs, bonds, bridges and macvlans as announcing interfaces, found and followed through rtnetlink as in the agent: the
/// node has two cables to a peer, and its address on a device above them.
/// </summary>
public sealed class StackedInterfacesTests : IAsyncLifetime
{
    private const string Vip4 = "10.72.0.100";
    private const string Vip6 = "fd00:72::100";

    private readonly TestNamespaces _namespaces = new();
    private readonly SpeakerLabMeters _meters = new();
    private readonly NetworkNamespace _node;
    private readonly NetworkNamespace _peer;
    private readonly AddressSpeaker _speaker;
    private readonly NodeInterfaceWatcher _watcher;

    public StackedInterfacesTests()
    {
        _node = _namespaces.Create("n");
        _peer = _namespaces.Create("p");
        TestNamespaces.Join(_node, "eth0", "02:00:00:00:00:0a", _peer, "eth0", "02:00:00:00:00:0b");
        TestNamespaces.Join(_node, "eth1", "02:00:00:00:01:0a", _peer, "eth1", "02:00:00:00:01:0b");
        _speaker = new AddressSpeaker(
            new SpeakerSockets(
                (endPoint, filter) => _node.Run(() => PacketSocket.Open(endPoint, filter)),
                () => _node.Run(() => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp))),
            new SpeakerOptions(),
            new SpeakerMetrics(_meters),
            TimeProvider.System,
            NullLogger<AddressSpeaker>.Instance);
        _watcher = new NodeInterfaceWatcher(
            () => _node.Run(NetworkInterfaceMonitor.Open), [], TimeProvider.System, NullLogger<NodeInterfaceWatcher>.Instance);
        _watcher.Changed += (_, _) => _speaker.InterfacesChanged(_watcher.Current);
    }

    public async ValueTask InitializeAsync() => await _watcher.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _watcher.StopAsync(CancellationToken.None);
        _watcher.Dispose();
        await _speaker.DisposeAsync();
        _meters.Dispose();
        _namespaces.Dispose();
    }

    [Fact]
    public async Task Vlan_AnswersInItsVlanOnly()
    {
        Add(_node, "link add link eth0 name eth0.7 type vlan id 7");
        Add(_peer, "link add link eth0 name eth0.7 type vlan id 7");
        await HoldOnAsync("eth0.7", "eth0.7");

        Ping().ShouldBe((true, true));
        TestNamespaces.Ip(_peer, "address flush dev eth0.7");
        TestNamespaces.Ip(_peer, "address add 10.72.0.1/24 dev eth0");
        Ping().Four.ShouldBeFalse("it is not in the untagged network");
    }

    [Fact]
    public async Task Bond_LosesItsActivePort_GoesOnAnswering()
    {
        Add(_node, "link add bond0 address 02:00:00:00:07:0a type bond mode active-backup miimon 10");
        Bridge(_peer, "br0");
        foreach (var port in (string[])["eth0", "eth1"])
        {
            TestNamespaces.Ip(_node, $"link set {port} down");
            TestNamespaces.Ip(_node, $"link set {port} master bond0");
        }

        await HoldOnAsync("bond0", "br0");
        Ping().ShouldBe((true, true));

        var active = TestNamespaces.Exec(_node, "cat /sys/class/net/bond0/bonding/active_slave").Trim();
        TestNamespaces.Ip(_peer, $"link set {active} down");

        await Eventually.HoldsAsync(() => Ping() == (true, true), "the other port answers");
    }

    [Fact]
    public async Task Bridge_WithPorts_AnswersThroughThem()
    {
        Bridge(_node, "br0");
        Bridge(_peer, "br0", "eth0");
        await HoldOnAsync("br0", "br0");

        Ping().ShouldBe((true, true));
    }

    [Fact]
    public async Task Macvlan_OverACable_AnswersWithItsOwnMac()
    {
        Add(_node, "link add link eth0 name above0 address 02:00:00:00:09:0a type macvlan mode bridge");
        await HoldOnAsync("above0", "eth0");

        Ping().ShouldBe((true, true));
        TestNamespaces.Exec(_peer, $"ip neigh show {Vip4}").ShouldContain("02:00:00:00:09:0a");
    }

    [Fact]
    public async Task Subnets_OnSeveralInterfaces_EachAnswersForItsOwn()
    {
        TestNamespaces.Ip(_node, "address add 10.73.0.11/24 dev eth1");
        TestNamespaces.Ip(_peer, "address add 10.73.0.1/24 dev eth1");
        await HoldOnAsync("eth0", "eth0");
        await KnownAsync("eth1", addresses: 1);
        _speaker.Hold(IPAddress.Parse("10.73.0.100"), long.MaxValue);

        Ping().ShouldBe((true, true));
        Answers("10.73.0.100").ShouldBeTrue();
    }

    [Fact]
    public async Task Interface_Renamed_GoesOnAnswering()
    {
        await HoldOnAsync("eth0", "eth0");

        TestNamespaces.Ip(_node, "link set eth0 down");
        TestNamespaces.Ip(_node, "link set eth0 name lan0");
        TestNamespaces.Ip(_node, "link set lan0 up");
        await KnownAsync("lan0", addresses: 1);

        // Setting the link down took the IPv6 address with it.
        await Eventually.HoldsAsync(() => Ping().Four, "it answers on the interface with the new name");
    }

    [Fact]
    public async Task Interface_Deleted_StopsAndAnswersOnTheOneThatHasItsSubnetThen()
    {
        await HoldOnAsync("eth0", "eth0");

        TestNamespaces.Ip(_node, "link delete eth0");
        await Eventually.HoldsAsync(() => _watcher.Current.IsEmpty, "the interface is gone");
        Assign(_node, "eth1", 11);
        Assign(_peer, "eth1", 1);
        await KnownAsync("eth1");

        await Eventually.HoldsAsync(() => Ping() == (true, true), "it answers on the other interface");
    }

    [Fact]
    public async Task Subnet_Removed_StopsAnswering()
    {
        await HoldOnAsync("eth0", "eth0");
        Ping().ShouldBe((true, true));

        TestNamespaces.Ip(_node, "address flush dev eth0");
        await Eventually.HoldsAsync(() => _watcher.Current.IsEmpty, "no interface has an address");

        TestNamespaces.Ip(_peer, "neighbour flush dev eth0");
        Ping().ShouldBe((false, false));
    }

    /// <summary>Adds a device; skips where the kernel has none of its kind.</summary>
    private static void Add(NetworkNamespace inside, string command)
    {
        try
        {
            TestNamespaces.Ip(inside, command);
        }
        catch (InvalidOperationException exception)
            when (exception.Message.Contains("Unknown device type", StringComparison.Ordinal)
                || exception.Message.Contains("not supported", StringComparison.Ordinal))
        {
            var words = command.Split(' ');
            Assert.Skip($"needs a kernel with devices of type {words[Array.IndexOf(words, "type") + 1]}");
        }
    }

    private static void Bridge(NetworkNamespace inside, string name, params string[] ports)
    {
        TestNamespaces.Ip(inside, $"link add {name} type bridge stp_state 0 forward_delay 0");
        foreach (var port in ports.Length > 0 ? ports : ["eth0", "eth1"])
        {
            TestNamespaces.Ip(inside, $"link set {port} master {name}");
        }
    }

    private static void Assign(NetworkNamespace inside, string device, int host)
    {
        TestNamespaces.Ip(inside, $"link set {device} up");
        TestNamespaces.Ip(inside, $"address add 10.72.0.{host}/24 dev {device}");
        TestNamespaces.Ip(inside, $"address add fd00:72::{host}/64 dev {device} nodad");
    }

    /// <summary>Gives both sides their addresses and holds the virtual ones as soon as the watcher knows the device.</summary>
    private async Task HoldOnAsync(string device, string peerDevice)
    {
        Assign(_node, device, 11);
        Assign(_peer, peerDevice, 1);
        await KnownAsync(device);
        _speaker.Hold(IPAddress.Parse(Vip4), long.MaxValue);
        _speaker.Hold(IPAddress.Parse(Vip6), long.MaxValue);
    }

    private Task KnownAsync(string device, int addresses = 2) => Eventually.HoldsAsync(
        () => _watcher.Current.Any(one => one.Name == device && one.Up && one.Addresses.Length >= addresses),
        $"{device} is known");

    private (bool Four, bool Six) Ping() => (Answers(Vip4), Answers(Vip6));

    private bool Answers(string address) =>
        TestNamespaces.Exec(_peer, $"sh -c \"ping -c1 -W2 {address} || true\"").Contains(" 1 received", StringComparison.Ordinal);
}
