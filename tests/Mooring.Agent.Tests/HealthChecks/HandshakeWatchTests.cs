using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.HealthChecks;

public sealed class HandshakeWatchTests : IAsyncDisposable
{
    private const string SetId = "default/web:80";
    private const byte SynSent = 1;
    private static readonly IPEndPoint Vip = new(IPAddress.Parse("10.70.0.100"), 80);

    private readonly HealthCheckService _checks;
    private readonly HandshakeWatch _watch;
    private readonly Channel<HealthChange> _changes = Channel.CreateUnbounded<HealthChange>();
    private readonly List<ConntrackFlow> _flows = [];

    public HandshakeWatchTests()
    {
        _checks = new HealthCheckService(
            "node-1", new HealthProbes(null, ProbeSource.Any, TimeProvider.System), new HealthCheckMetrics(new Speaker.SpeakerLabMeters()),
            TimeProvider.System, NullLogger<HealthCheckService>.Instance);
        _checks.Changed += change => _changes.Writer.TryWrite(change);
        _watch = new HandshakeWatch(
            _checks, take => _flows.ForEach(take), () => throw new SocketException(), TimeProvider.System, NullLogger<HandshakeWatch>.Instance);
    }

    [Fact]
    public async Task Refused_EnoughHandshakes_EjectsWhatItsCheckFailsToo()
    {
        var backend = Closed();
        await ApplyAsync(backend, Closed());

        for (var port = 1; port <= 3; port++)
        {
            _watch.Refused(Flow(port, backend));
        }

        var change = await NextAsync();
        change.Backend.ShouldBe(backend);
        change.Verdict.Healthy.ShouldBeFalse();
        change.Verdict.Reason.ShouldBe($"3 connections of clients failed; connection refused by {backend}; out for 30s");
    }

    [Fact]
    public async Task Look_HandshakesWithoutAnswer_EjectsWhatItsCheckFailsToo()
    {
        var backend = Closed();
        await ApplyAsync(backend, Closed());
        _flows.AddRange(Enumerable.Range(1, 3).Select(port => Flow(port, backend)));

        _watch.Look();
        _checks.IsHealthy(SetId, backend).ShouldBeNull();
        _watch.Look();

        (await NextAsync()).Verdict.Reason.ShouldStartWith("3 connections of clients failed; ");
    }

    [Fact]
    public async Task Refused_MoreThanTheShareThatMayBeOut_GoesByItsChecksAlone()
    {
        var (first, second) = (Closed(), Closed());
        await ApplyAsync(first, second);
        foreach (var backend in (IPEndPoint[])[first, second])
        {
            for (var port = 1; port <= 3; port++)
            {
                _watch.Refused(Flow(port, backend));
            }

            if (backend.Equals(first))
            {
                (await NextAsync()).Backend.ShouldBe(first);
            }
        }

        _checks.IsHealthy(SetId, second).ShouldBeNull("a hundred failed checks are needed");
    }

    [Fact]
    public async Task Refused_EndpointThatPassesItsCheck_Stays()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var backend = (IPEndPoint)listener.LocalEndPoint!;
        await ApplyAsync(backend, Closed());

        for (var port = 1; port <= 3; port++)
        {
            _watch.Refused(Flow(port, backend));
        }

        using var checking = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        _checks.IsHealthy(SetId, backend).ShouldNotBe(false);
    }

    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await _checks.StopAsync(CancellationToken.None);
        _checks.Dispose();
    }

    private static IPEndPoint Closed()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private static ConntrackFlow Flow(int port, IPEndPoint backend) =>
        new(6, new IPEndPoint(IPAddress.Parse("10.70.0.200"), port), Vip, backend) { TcpState = SynSent };

    /// <summary>Checks every hour, and believes a hundred failures in a row only.</summary>
    private async Task ApplyAsync(params IPEndPoint[] backends)
    {
        var snapshot = new ClusterSnapshot
        {
            Revision = 1,
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Addresses = [new AddressIntent { Address = Vip.Address, Candidates = ["node-1"] }],
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
                        Interval = TimeSpan.FromHours(1),
                        UnhealthyThreshold = 100,
                        Passive = PassiveCheckIntent.Default with { Failures = 3 },
                    },
                    Backends =
                    [
                        .. backends.Select(backend => new Backend
                        {
                            Address = backend.Address, Port = (ushort)backend.Port, Condition = BackendCondition.Ready,
                        }),
                    ],
                },
            ],
        };
        await _checks.StartAsync(CancellationToken.None);
        _checks.ApplySnapshot(snapshot);
        await _watch.ApplyAsync(snapshot, CancellationToken.None);
    }

    private async Task<HealthChange> NextAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await _changes.Reader.ReadAsync(limit.Token);
    }
}
