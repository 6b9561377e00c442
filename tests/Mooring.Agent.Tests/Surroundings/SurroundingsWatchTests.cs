using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Surroundings;
using Mooring.Agent.Tests.DataPlane;
using Mooring.Agent.Tests.Snapshots;

namespace Mooring.Agent.Tests.Surroundings;

/// <summary>What the agent finds on a node of the kernel's, by the real settings, addresses and rules.</summary>
[Collection(nameof(ForwardingLab))]
public sealed class SurroundingsWatchTests(ForwardingLab lab) : IAsyncLifetime
{
    private const string Device = "kube-ipvs0";

    private readonly SurroundingsReader _reader = new("/proc/sys/net");
    private volatile string[] _found = [];
    private SurroundingsWatch? _watch;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null)
        {
            await _watch.StopAsync(CancellationToken.None);
            _watch.Dispose();
        }

        if (lab.OnNode("ip", "-br link").Contains(Device, StringComparison.Ordinal))
        {
            Ip($"link del {Device}");
        }

        lab.OnNode("nft", "add table ip other");
        lab.OnNode("nft", "delete table ip other");
    }

    [Fact]
    public async Task Watch_KubeProxyWithoutStrictArp_IsTold()
    {
        // A dummy device at kube-proxy, which not every kernel has.
        Ip($"link add {Device} type bridge");
        Ip($"address add {ForwardingLab.Vip}/32 dev {Device}");

        await WatchAsync();

        await Eventually.HoldsAsync(() => _found.Length > 0, "something is found");
        _found.ShouldHaveSingleItem().ShouldContain("strictARP: true");
    }

    [Fact]
    public async Task Watch_RulesThatComeFirst_AreTold()
    {
        lab.OnNode("nft", "add table ip other");
        lab.OnNode("nft", "add chain ip other pre { type nat hook prerouting priority -150 ; }");
        lab.OnNode("nft", $"add rule ip other pre ip daddr {ForwardingLab.Vip} tcp dport 80 dnat to 10.71.1.3:8080");

        await WatchAsync();

        await Eventually.HoldsAsync(() => _found.Length > 0, "something is found");
        _found.ShouldHaveSingleItem().ShouldContain($"table ip other names {ForwardingLab.Vip}");
    }

    private async Task WatchAsync()
    {
        _watch = new SurroundingsWatch(
            "node-1",
            () => lab.Node.Run(() => (_reader.Interfaces(), SurroundingsReader.EarlierRules())),
            problems => _found = [.. problems.Select(problem => problem.Message)],
            TimeProvider.System,
            NullLogger<SurroundingsWatch>.Instance);
        await _watch.StartAsync(CancellationToken.None);
        (await _watch.ApplyAsync(TestSnapshots.Web(1), CancellationToken.None)).ShouldBeEmpty();
    }

    private void Ip(string arguments) => lab.OnNode("ip", arguments);
}
