using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Interfaces;
using Mooring.Core.Snapshots;
using Mooring.Linux.Netlink;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Interfaces;

public sealed class NodeInterfaceWatcherTests : IDisposable
{
    private readonly TestNamespaces _namespaces = new();
    private readonly Mooring.Linux.Namespaces.NetworkNamespace _node;

    public NodeInterfaceWatcherTests()
    {
        _node = _namespaces.Create("n");
        TestNamespaces.Join(_node, "eth0", "02:00:00:00:00:0a", _namespaces.Create("s"), "port0", "02:00:00:00:00:0b");
        TestNamespaces.Ip(_node, "address add 10.70.0.11/24 dev eth0");
        TestNamespaces.Ip(_node, "link add pod0 type veth peer name pod1");
        TestNamespaces.Ip(_node, "link set pod0 up");
        TestNamespaces.Ip(_node, "link set pod1 up");
    }

    public void Dispose() => _namespaces.Dispose();

    [Fact]
    public async Task StartAsync_NodeWithPods_KnowsTheInterfaceWithAnAddressOnly()
    {
        using var watcher = Watcher();

        await watcher.StartAsync(TestContext.Current.CancellationToken);

        var one = watcher.Current.ShouldHaveSingleItem();
        one.Name.ShouldBe("eth0");
        one.Up.ShouldBeTrue();
        one.Mtu.ShouldBe(1500);
        one.Addresses.ShouldBe(
            [new InterfaceAddress(IPAddress.Parse("10.70.0.11"), IPNetwork.Parse("10.70.0.0/24"))]);
        await watcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task StartAsync_NamesGiven_FollowsThoseOnly()
    {
        TestNamespaces.Ip(_node, "address add 10.71.0.11/24 dev pod0");
        using var watcher = Watcher("pod0");

        await watcher.StartAsync(TestContext.Current.CancellationToken);

        watcher.Current.ShouldHaveSingleItem().Name.ShouldBe("pod0");
        await watcher.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Changed_LinkDownAndAddressGone_IsRaisedForEach()
    {
        using var watcher = Watcher();
        await watcher.StartAsync(TestContext.Current.CancellationToken);

        var down = Until(watcher, () => watcher.Current is [{ Up: false }]);
        TestNamespaces.Ip(_node, "link set eth0 down");
        await down;

        var gone = Until(watcher, () => watcher.Current.IsEmpty);
        TestNamespaces.Ip(_node, "address flush dev eth0");
        await gone;
        await watcher.StopAsync(CancellationToken.None);
    }

    private NodeInterfaceWatcher Watcher(params string[] names) => new(
        () => _node.Run(NetworkInterfaceMonitor.Open),
        names,
        TimeProvider.System,
        NullLogger<NodeInterfaceWatcher>.Instance);

    private static Task Until(NodeInterfaceWatcher watcher, Func<bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Changed += (_, _) =>
        {
            if (condition())
            {
                met.TrySetResult();
            }
        };
        return met.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }
}
