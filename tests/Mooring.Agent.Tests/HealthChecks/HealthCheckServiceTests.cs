using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

public sealed class HealthCheckServiceTests : IAsyncDisposable
{
    private const string SetId = "default/web:80";

    private readonly HealthProbes _probes = new(null, ProbeSource.Any, TimeProvider.System);
    private readonly HealthCheckService _service;
    private readonly Channel<HealthChange> _changes = Channel.CreateUnbounded<HealthChange>();

    public HealthCheckServiceTests()
    {
        _service = new HealthCheckService("node-1", _probes, new HealthCheckMetrics(new Speaker.SpeakerLabMeters()), TimeProvider.System, NullLogger<HealthCheckService>.Instance);
        _service.Changed += change => _changes.Writer.TryWrite(change);
    }

    [Fact]
    public async Task Checks_BackendGoesAwayAndReturns_VerdictFollows()
    {
        await _service.StartAsync(CancellationToken.None);
        var listener = Listen(0);
        var backend = (IPEndPoint)listener.LocalEndPoint!;

        _service.ApplySnapshot(Snapshot(["node-1"], backend));
        (await NextAsync()).Verdict.Healthy.ShouldBeTrue();

        listener.Dispose();
        var down = await NextAsync();
        down.Verdict.Healthy.ShouldBeFalse();
        down.Verdict.Reason.ShouldBe($"connection refused by {backend}");
        _service.IsHealthy(SetId, backend).ShouldBe(false);

        using var again = Listen(backend.Port);
        (await NextAsync()).Verdict.Healthy.ShouldBeTrue();
        _service.IsHealthy(SetId, backend).ShouldBe(true);
    }

    [Fact]
    public async Task Checks_EveryBackendDown_FirstSuccessBringsBack()
    {
        await _service.StartAsync(CancellationToken.None);
        var (first, second) = (Listen(0), Listen(0));
        var snapshot = Snapshot(["node-1"], (IPEndPoint)first.LocalEndPoint!, (IPEndPoint)second.LocalEndPoint!);
        var set = snapshot.BackendSets[0];
        // Without that they would never come back.
        var never = set with { HealthCheck = set.HealthCheck! with { HealthyThreshold = int.MaxValue } };
        first.Dispose();
        second.Dispose();
        _service.ApplySnapshot(snapshot with { BackendSets = [never] });
        (await NextAsync()).Verdict.Healthy.ShouldBeFalse();
        (await NextAsync()).Verdict.Healthy.ShouldBeFalse();

        using var again = Listen(set.Backends[0].Port);

        var back = await NextAsync();
        (back.Backend, back.Verdict.Healthy).ShouldBe((set.Backends[0].EndPoint, true));
    }

    [Fact]
    public async Task ApplySnapshot_BackendRemoved_ForgetsItsVerdict()
    {
        await _service.StartAsync(CancellationToken.None);
        var backend = new IPEndPoint(IPAddress.Loopback, 1);
        _service.ApplySnapshot(Snapshot(["node-1"], backend));
        await NextAsync();

        _service.ApplySnapshot(Snapshot(["node-1"]));

        _service.IsHealthy(SetId, backend).ShouldBeNull();
        _service.Verdicts().ShouldBeEmpty();
    }

    [Fact]
    public async Task ApplySnapshot_NodeIsNoCandidateAnyMore_SaysThatVerdictsAreGone()
    {
        await _service.StartAsync(CancellationToken.None);
        var backend = new IPEndPoint(IPAddress.Loopback, 1);
        var snapshot = Snapshot(["node-1"], backend);
        _service.ApplySnapshot(snapshot).ShouldBeFalse();
        await NextAsync();

        _service.ApplySnapshot(snapshot with { VirtualIps = Snapshot(["node-2"]).VirtualIps }).ShouldBeTrue();

        _service.IsHealthy(SetId, backend).ShouldBeNull();
    }

    [Fact]
    public async Task ApplySnapshot_AnotherSetChanges_ChecksGoOn()
    {
        await _service.StartAsync(CancellationToken.None);
        var backend = new IPEndPoint(IPAddress.Loopback, 1);
        var snapshot = Snapshot(["node-1"], backend);
        var other = snapshot.BackendSets[0] with { Id = "default/other:80" };
        _service.ApplySnapshot(snapshot with { BackendSets = [snapshot.BackendSets[0], other] });
        await NextAsync();

        _service.ApplySnapshot(snapshot with { BackendSets = [snapshot.BackendSets[0], other with { Backends = [] }] });

        _service.IsHealthy(SetId, backend).ShouldBe(false);
    }

    [Fact]
    public void Targets_NodeIsNoCandidate_ChecksNothing()
    {
        TargetsOf(Snapshot(["node-2"], new IPEndPoint(IPAddress.Loopback, 1))).ShouldBeEmpty();
    }

    [Fact]
    public void Targets_BackendNotReady_IsLeftOut()
    {
        var snapshot = Snapshot(["node-1"], new IPEndPoint(IPAddress.Loopback, 1));
        var set = snapshot.BackendSets[0];
        snapshot = snapshot with
        {
            BackendSets = [set with { Backends = [set.Backends[0] with { Condition = BackendCondition.NotReady }] }],
        };

        TargetsOf(snapshot).ShouldBeEmpty();
    }

    [Fact]
    public void Phase_ManyEndpoints_SpreadOverTheInterval()
    {
        var check = new HealthCheckIntent { Type = HealthCheckType.Tcp, Interval = TimeSpan.FromSeconds(10) };
        var perSecond = new int[10];
        for (var port = 1; port <= 10_000; port++)
        {
            var phase = CheckSchedule.First(check, "n", SetId, new IPEndPoint(IPAddress.Loopback, port), failing: false);
            perSecond[Math.Min(9, (int)phase.TotalSeconds)]++;
        }

        perSecond.Min().ShouldBeGreaterThan(800);
        perSecond.Max().ShouldBeLessThan(1200);
    }

    [Fact]
    public void HealthCheckIntent_SameContent_IsEqual()
    {
        static HealthCheckIntent Make() => new() { Type = HealthCheckType.Http, ExpectedStatuses = [new StatusRange(200, 204)] };

        Make().ShouldBe(Make());
        Make().GetHashCode().ShouldBe(Make().GetHashCode());
    }

    public async ValueTask DisposeAsync()
    {
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
    }

    private static Socket Listen(int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);

        // No connection leaves from this address, so that none takes the port while nobody listens.
        listener.Bind(new IPEndPoint(IPAddress.Parse("127.0.9.1"), port));
        listener.Listen(512);
        return listener;
    }

    private static IEnumerable<HealthCheckTarget> TargetsOf(ClusterSnapshot snapshot) =>
        snapshot.BackendSets.SelectMany(new HealthCheckTargets(snapshot.VirtualIps, "node-1", []).In);

    private static ClusterSnapshot Snapshot(ImmutableArray<string> candidates, params IPEndPoint[] backends) => new()
    {
        Revision = 1,
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = candidates }],
                Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = SetId }],
            },
        ],
        BackendSets =
        [
            new BackendSet
            {
                Id = SetId,
                Pool = new NamespacedName("default", "web"),
                HealthCheck = new HealthCheckIntent
                {
                    Type = HealthCheckType.Tcp,
                    Interval = TimeSpan.FromMilliseconds(20),
                    Timeout = TimeSpan.FromSeconds(5),
                    UnhealthyThreshold = 2,
                    HealthyThreshold = 2,
                },
                Backends =
                [
                    .. backends.Select(backend => new Backend
                    {
                        Address = backend.Address,
                        Port = (ushort)backend.Port,
                        Condition = BackendCondition.Ready,
                    }),
                ],
            },
        ],
    };

    private async Task<HealthChange> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await _changes.Reader.ReadAsync(limit.Token);
    }
}
