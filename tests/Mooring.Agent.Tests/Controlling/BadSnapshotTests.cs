using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Tests.DataPlane;
using Mooring.Agent.Tests.Failover;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using BackendSet = Mooring.Protocol.V1Alpha1.BackendSet;

namespace Mooring.Agent.Tests.Controlling;

/// <summary>
/// What a mistaken controller may send, on the way from the stream to the data plane: refused as a whole and told, while the last
/// good state stays in the kernel and on disk, and the next good one is taken.
/// </summary>
public sealed class BadSnapshotTests : IAsyncLifetime
{
    private static readonly IPEndPoint Pod = IPEndPoint.Parse("10.71.1.2:8080");

    private readonly TemporaryDirectory _directory = new();
    private readonly ListLogger<ControllerLink> _log = new();
    private readonly FakeDataPlane _engine = new();
    private readonly DataPlaneLoop _dataPlane;
    private readonly SnapshotKeeper _snapshots;
    private TestController _controller = null!;
    private ControllerLink _link = null!;

    public BadSnapshotTests()
    {
        _dataPlane = new DataPlaneLoop(_engine, "node-1", (_, _) => null, TimeProvider.System, NullLogger<DataPlaneLoop>.Instance);
        _snapshots = Keeper();
    }

    public static TheoryData<string, Action<Snapshot>, string> Mistakes => new()
    {
        { "unknown pool", snapshot => snapshot.VirtualIps[0].Ports[0].BackendSetId = "default/nowhere:80", "ports[0].backend_set_id" },
        { "pool gone", snapshot => snapshot.BackendSets.Clear(), "ports[0].backend_set_id" },
        { "negative weight", snapshot => snapshot.BackendSets[0].Backends[0].Weight = unchecked((uint)-1), "backends[0].weight" },
        { "port 0", snapshot => snapshot.VirtualIps[0].Ports[0].Port_ = 0, "ports[0].port" },
        { "backend port 0", snapshot => snapshot.BackendSets[0].Backends[0].Port = 0, "backends[0].port" },
        { "no address", snapshot => snapshot.BackendSets[0].Backends[0].Address = "10.71.1", "backends[0].address" },
        { "a million endpoints in a pool", snapshot => snapshot.BackendSets[0].Backends.AddRange(Many(1_000_000)), "backends" },
        { "a million endpoints in all", snapshot => snapshot.BackendSets.AddRange(HundredPoolsOfTenThousand()), "backend_sets[].backends" },
        { "endpoint there twice", snapshot => snapshot.BackendSets[0].Backends.Add(snapshot.BackendSets[0].Backends[0].Clone()), "backends[1].address" },
        { "VIP there twice", snapshot => snapshot.VirtualIps.Add(snapshot.VirtualIps[0].Clone()), "virtual_ips[1]" },
        { "negative timeout", snapshot => snapshot.BackendSets[0].DrainTimeout = new() { Seconds = -1 }, "drain_timeout" },
        { "revision 0", snapshot => snapshot.Revision = 0, "revision" },
        { "revision going backwards", snapshot => snapshot.Revision = 4, "revision" },
    };

    public async ValueTask InitializeAsync()
    {
        _controller = await TestController.StartAsync(Good(5));
        await _dataPlane.StartAsync(CancellationToken.None);
        _link = new ControllerLink(
            [_controller.Address],
            new ControllerChannels("/nonexistent/ca.crt", "/nonexistent/token"),
            _snapshots,
            new AgentReports(),
            new Presence(),
            new ControllerLinkMetrics(new TestMeters()),
            TimeProvider.System,
            _log);
        await _link.StartAsync(CancellationToken.None);
        (await AckAsync(0, 5)).Applied.ShouldBeTrue();
    }

    public async ValueTask DisposeAsync()
    {
        await _link.StopAsync(CancellationToken.None);
        _link.Dispose();
        await _dataPlane.StopAsync(CancellationToken.None);
        _dataPlane.Dispose();
        await _controller.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Receive_Mistake_IsRefusedAsAWholeAndTold(string what, Action<Snapshot> spoil, string field)
    {
        var bad = Good(6);
        bad.Snapshot.VirtualIps[0].Addresses[0].Address_ = "10.70.0.101";
        spoil(bad.Snapshot);

        await _controller.Service.SendAsync(bad);

        var ack = await AckAsync(1, bad.Snapshot.Revision);
        ack.Applied.ShouldBeFalse(what);
        ack.Problems.Count.ShouldBeInRange(1, SnapshotLimits.MaxProblems + 1);
        ack.Problems.Select(problem => problem.Field).ShouldContain(field, what);
        await LastGoodStaysAsync();
    }

    [Theory]
    [InlineData(5u, "revision")]
    [InlineData(4u, "revision")]
    [InlineData(7u, "backends[0].weight")]
    public async Task Receive_DeltaWithAMistake_IsRefusedAsAWholeAndTold(uint revision, string field)
    {
        var bad = new Delta { BaseRevision = 5, Revision = revision };
        var other = Good(6).Snapshot.VirtualIps[0];
        other.Name = "other";
        other.Addresses[0].Address_ = "10.70.0.101";
        bad.VirtualIps.Add(other);
        if (revision > 5)
        {
            bad.BackendSets.Add(Good(6).Snapshot.BackendSets[0]);
            bad.BackendSets[0].Backends[0].Weight = uint.MaxValue;
        }

        await _controller.Service.SendAsync(new ControllerMessage { Delta = bad });

        var ack = await AckAsync(1, revision);
        ack.Applied.ShouldBeFalse();
        ack.Problems.ShouldHaveSingleItem().Field.ShouldBe(field);
        await LastGoodStaysAsync();
    }

    /// <summary>Larger than what the agent reads at all: the stream ends and begins anew.</summary>
    [Fact]
    public async Task Receive_MessageBeyondTheLimit_LastGoodStaysAndTheLinkComesBack()
    {
        var bad = Good(6);
        bad.Snapshot.BackendSets[0].Backends.Add(new Backend { DisplayName = new string('x', SnapshotLimits.MaxControllerMessageBytes) });
        var streams = _controller.Service.Streams;

        await Should.ThrowAsync<OperationCanceledException>(_controller.Service.SendAsync(bad));

        await Eventually.HoldsAsync(() => _controller.Service.Streams > streams, "a new stream");
        _log.Lines.ShouldContain(line => line.Contains("ResourceExhausted"));
        await LastGoodStaysAsync();
    }

    private async Task LastGoodStaysAsync()
    {
        _snapshots.Current.Revision.ShouldBe(5UL);
        _engine.Applied.ShouldAllBe(state => state.Services.Single().Address.ToString() == "10.70.0.100");
        var restarted = Keeper();
        await restarted.RestoreAsync(CancellationToken.None);
        restarted.Current.Revision.ShouldBe(5UL, "what is on disk");

        var next = Good(8);
        _controller.Service.Publish(next);
        await Eventually.HoldsAsync(
            () =>
            {
                _controller.Service.SendAsync(next).GetAwaiter().GetResult();
                return _snapshots.Current.Revision == 8;
            },
            "the next good snapshot is taken");
    }

    private SnapshotKeeper Keeper() => new(
        new SnapshotStore(_directory.Path, NullLogger<SnapshotStore>.Instance), [_dataPlane], NullLogger<SnapshotKeeper>.Instance);

    /// <param name="after">How many acknowledgements came before it.</param>
    private Task<Ack> AckAsync(int after, ulong revision) => Eventually.GetAsync(
        () => _controller.Service.Messages(m => m.Ack).Skip(after).FirstOrDefault(ack => ack.Revision == revision), $"ack of {revision}");

    private static ControllerMessage Good(ulong revision) => new() { Snapshot = SnapshotMapping.ToProto(TestSnapshots.Web(revision, Pod)) };

    private static IEnumerable<Backend> Many(int count, int from = 0) => Enumerable.Range(from, count).Select(i => new Backend
    {
        Address = $"10.{72 + (i >> 16)}.{(i >> 8) & 255}.{i & 255}",
        Port = 8080,
        Weight = 1,
        Condition = BackendCondition.Ready,
    });

    private static IEnumerable<BackendSet> HundredPoolsOfTenThousand() => Enumerable.Range(0, 100).Select(i =>
    {
        var set = new BackendSet
        {
            Id = $"default/pool-{i}:8080",
            PoolNamespace = "default",
            PoolName = $"pool-{i}",
            Algorithm = Algorithm.Maglev,
            DrainTimeout = new() { Seconds = 30 },
        };
        set.Backends.AddRange(Many(10_000, i * 10_000));
        return set;
    });

    private sealed class Presence : IAgentPresence
    {
        public Task<AddressProbeResult> ProbeAsync(AddressProbe probe, CancellationToken cancellationToken) =>
            Task.FromResult(new AddressProbeResult());

        public Hello Describe() => new() { NodeName = "node-1" };

        public void ControllerConnected(bool connected)
        {
        }
    }
}
