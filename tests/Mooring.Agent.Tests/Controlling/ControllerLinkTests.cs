using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Controlling;
using Mooring.Agent.Snapshots;
using Mooring.Agent.Tests.Failover;
using Mooring.Agent.Tests.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.Controlling;

public sealed class ControllerLinkTests : IAsyncLifetime
{
    /// <summary>No connection leaves from it, so that none takes the controller's port while that one restarts.</summary>
    private static readonly IPAddress Own = IPAddress.Parse("127.0.8.1");

    private readonly TemporaryDirectory _directory = new();
    private readonly Consumer _consumer = new();
    private readonly Presence _presence = new();
    private readonly AgentReports _reports = new();
    private SnapshotKeeper _snapshots = null!;
    private TestController _controller = null!;
    private ControllerLink? _link;

    public async ValueTask InitializeAsync()
    {
        _controller = await TestController.StartAsync(endPoint: new IPEndPoint(Own, 0));
        _snapshots = new SnapshotKeeper(
            new SnapshotStore(_directory.Path, NullLogger<SnapshotStore>.Instance), [_consumer], NullLogger<SnapshotKeeper>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (_link is not null)
        {
            await _link.StopAsync(CancellationToken.None);
            _link.Dispose();
        }

        await _controller.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Connect_Snapshot_IsAppliedSavedAndAcknowledged()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();

        var ack = await AckAsync(5);

        ack.Applied.ShouldBeTrue();
        ack.Problems.ShouldBeEmpty();
        _snapshots.Current.Revision.ShouldBe(5UL);
        _presence.Connected.ShouldBeTrue();
        File.Exists(_directory.File("snapshot.bin")).ShouldBeTrue();
        var hello = _controller.Service.Messages(m => m.Hello).ShouldHaveSingleItem();
        hello.NodeName.ShouldBe("node-1");
        hello.ProtocolVersion.ShouldBe(1U);
        hello.AppliedRevision.ShouldBe(0UL);
        hello.BootId.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Stop_Connected_EndsWithoutAFault()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);

        await _link!.StopAsync(TestContext.Current.CancellationToken);

        _link.ExecuteTask!.Status.ShouldBe(TaskStatus.RanToCompletion);
    }

    [Fact]
    public async Task Connect_PartCannotApply_AckSaysSo()
    {
        _consumer.Problems = [new Problem { Object = "default/web", Message = "kernel says no" }];
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();

        var ack = await AckAsync(5);

        ack.Applied.ShouldBeTrue();
        ack.Problems.ShouldHaveSingleItem().Message.ShouldBe("kernel says no");
    }

    [Fact]
    public async Task ProblemsChange_BetweenSnapshots_AreToldAndAgainToTheNextStream()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        (await AckAsync(5)).Problems.ShouldBeEmpty();

        _consumer.Raise([new Problem { Object = "default/web", Message = "kernel says no" }]);

        await Eventually.HoldsAsync(() => Told() == 1, "told at once");
        await _controller.Service.SendAsync(new ControllerMessage { Delta = new Delta { BaseRevision = 8, Revision = 9 } });
        await Eventually.HoldsAsync(() => Told() == 2, "told to the stream that begins anew");
        _consumer.Raise([]);
        await Eventually.HoldsAsync(() => _controller.Service.Messages(m => m.Ack).Last().Problems.Count == 0, "told of its end");

        int Told() => _controller.Service.Messages(m => m.Ack).Count(ack => ack.Revision == 5 && ack.Problems.Count == 1);
    }

    [Fact]
    public async Task Receive_Delta_IsApplied()
    {
        var before = TestSnapshots.Web(5);
        var after = TestSnapshots.Web(6, new IPEndPoint(IPAddress.Parse("10.71.1.2"), 8080));
        _controller.Service.Publish(Message(before));
        await StartAsync();
        await AckAsync(5);

        await _controller.Service.SendAsync(new ControllerMessage { Delta = SnapshotDiff.Compute(before, after) });

        (await AckAsync(6)).Applied.ShouldBeTrue();
        _consumer.Applied.Last().BackendSets[0].Backends.Length.ShouldBe(1);
    }

    [Fact]
    public async Task Receive_BadSnapshot_IsRefusedWithTheFieldAndTheLastOneStays()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);
        var bad = Message(TestSnapshots.Web(6));
        bad.Snapshot.VirtualIps[0].Ports[0].Port_ = 0;

        await _controller.Service.SendAsync(bad);

        var ack = await AckAsync(6);
        ack.Applied.ShouldBeFalse();
        ack.Problems.ShouldHaveSingleItem().Field.ShouldBe("ports[0].port");
        _snapshots.Current.Revision.ShouldBe(5UL);
        _consumer.Applied.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Receive_DeltaFromAnotherBase_StartsOverAndGetsTheWhole()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);
        _controller.Service.Publish(Message(TestSnapshots.Web(9)));

        await _controller.Service.SendAsync(new ControllerMessage { Delta = new Delta { BaseRevision = 8, Revision = 9 } });

        (await AckAsync(9)).Applied.ShouldBeTrue();
        _controller.Service.Messages(m => m.Hello).Last().AppliedRevision.ShouldBe(5UL);
    }

    [Fact]
    public async Task Receive_OlderSnapshot_IsRefused()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);

        await _controller.Service.SendAsync(Message(TestSnapshots.Web(4)));

        (await AckAsync(4)).Problems.ShouldHaveSingleItem().Message.ShouldContain("older than 5");
    }

    [Fact]
    public async Task ControllerRestarts_LinkComesBackAndTellsWhatHappened()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);
        var endPoint = new IPEndPoint(Own, _controller.Address.Port);

        await _controller.DisposeAsync();
        await Eventually.HoldsAsync(() => !_presence.Connected, "disconnected");
        _reports.Add(new HolderReport { Address = "10.70.0.100", Role = Role.Holder, Term = 7 });
        _controller = await TestController.StartAsync(Message(TestSnapshots.Web(6)), endPoint);

        await AckAsync(6);
        (await Eventually.GetAsync(() => _controller.Service.Messages(m => m.Holder).FirstOrDefault(), "holder report"))
            .Term.ShouldBe(7UL);
        _presence.Connected.ShouldBeTrue();
    }

    [Fact]
    public async Task ControllerFallsSilent_IsNoticedAndTheLinkComesBack()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        using var relay = new Relay(new IPEndPoint(Own, _controller.Address.Port));
        await StartAsync(relay.Address);
        await AckAsync(5);

        relay.Silent = true;
        await Eventually.HoldsAsync(() => !_presence.Connected, "the silence is noticed");

        relay.Silent = false;
        await Eventually.HoldsAsync(() => _presence.Connected, "connected again");
    }

    [Fact]
    public async Task FirstControllerDown_TheSecondIsTaken()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync(new Uri("http://127.0.0.1:1"), _controller.Address);

        (await AckAsync(5)).Applied.ShouldBeTrue();
    }

    [Fact]
    public async Task Restore_AfterRestartWithoutController_WorksFromDisk()
    {
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();
        await AckAsync(5);
        var consumer = new Consumer();
        var again = new SnapshotKeeper(
            new SnapshotStore(_directory.Path, NullLogger<SnapshotStore>.Instance), [consumer], NullLogger<SnapshotKeeper>.Instance);

        await again.RestoreAsync(CancellationToken.None);

        consumer.Applied.ShouldHaveSingleItem().Revision.ShouldBe(5UL);
        again.Current.Revision.ShouldBe(5UL);
    }

    [Fact]
    public async Task Save_DirectoryCannotBeWritten_IsAppliedAndTold()
    {
        var file = _directory.File("a-file");
        await File.WriteAllTextAsync(file, "");
        _snapshots = new SnapshotKeeper(
            new SnapshotStore(Path.Combine(file, "state"), NullLogger<SnapshotStore>.Instance),
            [_consumer],
            NullLogger<SnapshotKeeper>.Instance);
        _controller.Service.Publish(Message(TestSnapshots.Web(5)));
        await StartAsync();

        var ack = await AckAsync(5);

        ack.Applied.ShouldBeTrue();
        ack.Problems.ShouldHaveSingleItem().Message.ShouldContain("not saved");
    }

    private static ControllerMessage Message(ClusterSnapshot snapshot) => new() { Snapshot = SnapshotMapping.ToProto(snapshot) };

    private Task<Ack> AckAsync(ulong revision) => Eventually.GetAsync(
        () => _controller.Service.Messages(m => m.Ack).FirstOrDefault(ack => ack.Revision == revision), $"ack of {revision}");

    private Task StartAsync(params Uri[] controllers)
    {
        _link = new ControllerLink(
            controllers.Length > 0 ? controllers : [_controller.Address],
            new ControllerChannels("/nonexistent/ca.crt", "/nonexistent/token"),
            _snapshots,
            _reports,
            _presence,
            new ControllerLinkMetrics(new TestMeters()),
            TimeProvider.System,
            NullLogger<ControllerLink>.Instance);
        return _link.StartAsync(CancellationToken.None);
    }

    private sealed class Consumer : IProblemSource
    {
        public event Action<ImmutableArray<Problem>>? ProblemsChanged;

        public void Raise(ImmutableArray<Problem> problems) => ProblemsChanged?.Invoke(problems);

        public ConcurrentQueue<ClusterSnapshot> Applied { get; } = [];

        public ImmutableArray<Problem> Problems { get; set; } = [];

        public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
        {
            Applied.Enqueue(snapshot);
            return Task.FromResult(Problems);
        }
    }

    private sealed class Presence : IAgentPresence
    {
        public Task<AddressProbeResult> ProbeAsync(AddressProbe probe, CancellationToken cancellationToken) =>
            Task.FromResult(new AddressProbeResult());

        public volatile bool Connected;

        public Hello Describe() => new() { NodeName = "node-1" };

        public void ControllerConnected(bool connected) => Connected = connected;
    }
}
