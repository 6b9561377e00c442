using System.Diagnostics;
using Mooring.Linux.Namespaces;
using Mooring.Linux.Netlink;
using Mooring.Linux.Nftables;

namespace Mooring.Linux.Tests.Netlink;

/// <summary>
/// More changes than a monitor's socket can take: the kernel drops the rest and says so once (ENOBUFS), to whichever call comes first.
/// Until the socket is read empty it drops everything.
/// </summary>
public sealed class LostNotificationTests : IDisposable
{
    private const int SmallestBuffer = 1; // the kernel takes its least instead, 2 KiB
    private const int Many = 200;

    private readonly TestNamespaces _namespaces = new();
    private readonly NetworkNamespace _node;

    public LostNotificationTests() => _node = _namespaces.Create("n");

    public void Dispose() => _namespaces.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TakeForeignChange_OurTableChangedInWhatWasLost_IsTold(bool waited)
    {
        foreach (var table in (string[])["inet ours", "ip others"])
        {
            Nft($"add table {table}");
            Nft($"add set {table} s {{ type inet_service ; }}");
        }

        using var monitor = _node.Run(() => NftablesMonitor.Open(["ours"], SmallestBuffer));
        var waiting = waited ? monitor.WaitForChangeAsync(CancellationToken.None) : Task.CompletedTask;
        Nft($"add element ip others s {{ {string.Join(", ", Enumerable.Range(1, Many))} }}");
        await waiting.WaitAsync(TimeSpan.FromSeconds(60));

        Nft("add element inet ours s { 1 }");

        monitor.TakeForeignChange("ours").ShouldBe("another program");
        monitor.TakeForeignChange("ours").ShouldBeNull("told once");
        Nft("add element inet ours s { 2 }");
        monitor.TakeForeignChange("ours").ShouldBe("nft", "it hears again");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TakeChange_NotificationsLost_IsTold(bool waited)
    {
        using var monitor = _node.Run(() => RouteMonitor.Open(SmallestBuffer));
        var waiting = waited ? monitor.WaitForChangeAsync(CancellationToken.None) : Task.CompletedTask;
        TestNamespaces.Ip(_node, "link add d0 type bridge");
        TestNamespaces.Ip(_node, "link set d0 up");
        for (var i = 1; i <= 20; i++)
        {
            TestNamespaces.Ip(_node, $"route add 10.99.{i}.0/24 dev d0");
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(60));

        monitor.TakeChange().ShouldBeTrue();
        monitor.TakeChange().ShouldBeFalse("told once");
        TestNamespaces.Ip(_node, "route del 10.99.1.0/24");
        monitor.TakeChange().ShouldBeTrue("it hears again");
    }

    [Fact]
    public async Task WatchAsync_NotificationsLost_YieldsTheLastState()
    {
        using var monitor = _node.Run(() => NetworkInterfaceMonitor.Open(SmallestBuffer));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var states = monitor.WatchAsync(limit.Token).GetAsyncEnumerator(limit.Token);
        (await states.MoveNextAsync()).ShouldBeTrue();
        for (var i = 1; i <= 10; i++)
        {
            TestNamespaces.Ip(_node, $"link add d{i} type bridge");
        }

        do
        {
            (await states.MoveNextAsync()).ShouldBeTrue();
        }
        while (states.Current.All(link => link.Name != "d10"));

        TestNamespaces.Ip(_node, "link del d1");
        do
        {
            (await states.MoveNextAsync()).ShouldBeTrue("it hears again");
        }
        while (states.Current.Any(link => link.Name == "d1"));
    }

    private void Nft(string command) => _node.Run(() =>
    {
        using var process = Process.Start("nft", command);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, command);
    });
}
