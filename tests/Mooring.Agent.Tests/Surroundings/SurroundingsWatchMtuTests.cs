using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Surroundings;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;

namespace Mooring.Agent.Tests.Surroundings;

/// <summary>What the agent finds by the snapshot, which has the interfaces of all nodes.</summary>
public sealed class SurroundingsWatchMtuTests : IAsyncLifetime
{
    private readonly SurroundingsWatch _watch;
    private ImmutableArray<AddressObstacle> _found = [];

    public SurroundingsWatchMtuTests() => _watch = new SurroundingsWatch(
        "node-1",
        () => ([], []),
        problems => ImmutableInterlocked.InterlockedExchange(ref _found, problems),
        TimeProvider.System,
        NullLogger<SurroundingsWatch>.Instance);

    public async ValueTask InitializeAsync() => await _watch.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
    }

    [Fact]
    public async Task Watch_OtherMtuThanTheNeighbours_IsToldForEachAddressThatComes()
    {
        var snapshot = TestSnapshots.Web(1) with { Nodes = [Node(1, 1400), Node(2, 1500), Node(3, 1500)] };

        await _watch.ApplyAsync(snapshot, CancellationToken.None);

        await Eventually.HoldsAsync(() => _found.Length == 1, "it is told for the address");
        _found[0].Message.ShouldEndWith("run ip link set eth0 mtu 1500");
        var one = snapshot.VirtualIps[0];
        var another = one with { Addresses = [one.Addresses[0] with { Address = IPAddress.Parse("10.70.0.101") }] };

        await _watch.ApplyAsync(snapshot with { Revision = 2, VirtualIps = [one, another] }, CancellationToken.None);

        await Eventually.HoldsAsync(() => _found.Length == 2, "it is told for the second one");
    }

    private static NodePeer Node(byte number, int mtu) => new()
    {
        Name = $"node-{number}",
        Interfaces =
        [
            new NodeInterface
            {
                Name = "eth0",
                Index = 2,
                MacAddress = new PhysicalAddress([2, 0, 0, 0, 0, number]),
                Up = true,
                Mtu = mtu,
                Addresses = [new InterfaceAddress(IPAddress.Parse($"10.70.0.1{number}"), IPNetwork.Parse("10.70.0.0/24"))],
            },
        ],
    };
}
