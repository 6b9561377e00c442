using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Netlink;

namespace Mooring.Linux.Tests.Netlink;

public sealed class NetworkInterfaceMonitorTests : IDisposable
{
    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _node;
    private readonly NetworkNamespace _switch;

    public NetworkInterfaceMonitorTests()
    {
        _node = _namespaces.Create("n");
        _switch = _namespaces.Create("s");
        TestNamespaces.Join(_node, "eth0", "02:00:00:00:00:0a", _switch, "port0", "02:00:00:00:00:0b");
        TestNamespaces.Ip(_node, "address add 10.70.0.11/24 dev eth0");
        TestNamespaces.Ip(_node, "address add fd70::11/64 dev eth0 nodad");
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public void Snapshot_InterfaceWithAddresses_DescribesIt()
    {
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);

        var snapshot = monitor.Snapshot();

        snapshot.Select(link => link.Name).ShouldBe(["lo", "eth0"]);
        snapshot[0].SpeaksArp.ShouldBeFalse();
        var link = snapshot[1];
        link.Mac.ShouldBe(PhysicalAddress.Parse("02-00-00-00-00-0A"));
        link.Up.ShouldBeTrue();
        link.SpeaksArp.ShouldBeTrue();
        link.Mtu.ShouldBe(1500);
        link.Kind.ShouldBe("veth");
        link.Addresses.ShouldContain(
            new LinkAddress(IPAddress.Parse("10.70.0.11"), IPNetwork.Parse("10.70.0.0/24")));
        link.Addresses.ShouldContain(new LinkAddress(IPAddress.Parse("fd70::11"), IPNetwork.Parse("fd70::/64")));
    }

    [Fact]
    public void Snapshot_MacvlanAndBridgePort_NamesParentAndMaster()
    {
        TestNamespaces.Ip(_node, "link add link eth0 name above0 type macvlan");
        TestNamespaces.Ip(_node, "link add br0 type bridge");
        TestNamespaces.Ip(_node, "link add name port1 type veth peer name port2");
        TestNamespaces.Ip(_node, "link set port1 master br0");
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);

        var byName = monitor.Snapshot().ToDictionary(link => link.Name);

        byName["above0"].Kind.ShouldBe("macvlan");
        byName["above0"].ParentIndex.ShouldBe(byName["eth0"].Index);
        byName["port1"].MasterIndex.ShouldBe(byName["br0"].Index);
        byName["br0"].Kind.ShouldBe("bridge");
        byName["br0"].SpeaksArp.ShouldBeTrue();
    }

    [Fact]
    public async Task WatchAsync_ForwardingOfIPv6Changes_YieldsIt()
    {
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var states = monitor.WatchAsync(timeout.Token).GetAsyncEnumerator(timeout.Token);
        (await states.MoveNextAsync()).ShouldBeTrue();
        states.Current.Single(link => link.Name == "eth0").ForwardsIPv6.ShouldBeFalse();

        _node.Run(() => { File.WriteAllText("/proc/sys/net/ipv6/conf/all/forwarding", "1"); return true; });

        do
        {
            (await states.MoveNextAsync()).ShouldBeTrue();
        }
        while (!states.Current.Single(link => link.Name == "eth0").ForwardsIPv6);
    }

    [Fact]
    public async Task WatchAsync_CarrierAndAddressChange_YieldsEach()
    {
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var states = monitor.WatchAsync(timeout.Token).GetAsyncEnumerator(timeout.Token);

        (await Next(states, link => link.Up)).Addresses.ShouldNotBeEmpty();

        TestNamespaces.Ip(_switch, "link set port0 down"); // the other end: our side loses its carrier
        await Next(states, link => !link.Up);

        TestNamespaces.Ip(_switch, "link set port0 up");
        await Next(states, link => link.Up);

        TestNamespaces.Ip(_node, "address add 10.71.0.11/16 dev eth0");
        await Next(states, link => link.Addresses.Any(address => address.Subnet.Contains(IPAddress.Parse("10.71.9.9"))));

        TestNamespaces.Ip(_node, "link set eth0 address 02:00:00:00:00:cc");
        await Next(states, link => link.Mac.Equals(PhysicalAddress.Parse("02-00-00-00-00-CC")));

        TestNamespaces.Ip(_node, "link delete eth0");
        while (states.Current.Any(link => link.Name == "eth0"))
        {
            (await states.MoveNextAsync()).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task WatchAsync_MoreChangesThanTheSocketHolds_EndsAtTheRealState()
    {
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var states = monitor.WatchAsync(timeout.Token).GetAsyncEnumerator(timeout.Token);
        await Next(states, link => link.Up);

        // Nobody reads meanwhile: some 4000 notifications overflow the socket's 208 KiB.
        var batch = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(batch, Enumerable.Range(0, 2000).SelectMany(i => new[]
            {
                $"address add 10.72.{i / 250}.{(i % 250) + 1}/32 dev eth0",
                $"address del 10.72.{i / 250}.{(i % 250) + 1}/32 dev eth0",
            }).Append("address add 10.73.0.1/24 dev eth0"), timeout.Token);
            TestNamespaces.Ip(_node, $"-batch {batch}");
        }
        finally
        {
            File.Delete(batch);
        }

        await Next(states, link => link.Addresses.Any(address => address.Address.Equals(IPAddress.Parse("10.73.0.1"))));
    }

    [Fact]
    public async Task WatchAsync_Cancelled_Ends()
    {
        using var monitor = _node.Run(NetworkInterfaceMonitor.Open);
        using var cancelled = new CancellationTokenSource();
        await using var states = monitor.WatchAsync(cancelled.Token).GetAsyncEnumerator(cancelled.Token);
        await states.MoveNextAsync();

        var next = states.MoveNextAsync().AsTask();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(next.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task<LinkState> Next(
        IAsyncEnumerator<ImmutableArray<LinkState>> states, Func<LinkState, bool> condition)
    {
        while (await states.MoveNextAsync())
        {
            if (states.Current.FirstOrDefault(link => link.Name == "eth0") is { } link && condition(link))
            {
                return link;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }
}
