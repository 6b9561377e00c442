using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>Three agents' checks and exchanges on loopback, without a controller: the first two check, the third is told.</summary>
public sealed class VerdictExchangeTests : IAsyncDisposable
{
    private const string SetId = "default/web:80";
    private static readonly string[] Names = ["node-1", "node-2", "node-3"];
    private readonly Speaker.SpeakerLabMeters _meters = new();
    private readonly List<(HealthCheckService Checks, VerdictExchange Exchange)> _nodes = [];
    private readonly int _port = Servers.ServerProcess.FreePort(ProtocolType.Udp).Port;

    [Fact]
    public async Task Exchange_BackendGoesAwayAndReturns_EveryNodeFollows()
    {
        var listener = Listen(0);
        var backend = (IPEndPoint)listener.LocalEndPoint!;
        await StartAsync(Snapshot(backend));
        await UntilAsync(node => node.IsHealthy(SetId, backend) == true);
        _nodes[2].Checks.IsHealthy(SetId, backend).ShouldBeNull("node-3 does not check it");

        listener.Dispose();
        await UntilAsync(node => node.IsHealthy(SetId, backend) == false);

        using var again = Listen(backend.Port);
        await UntilAsync(node => node.IsHealthy(SetId, backend) == true);
    }

    [Fact]
    public async Task Exchange_FirstToSee_OthersFollowWithoutWaitingForTheirOwnChecks()
    {
        var listener = Listen(0);
        var backend = (IPEndPoint)listener.LocalEndPoint!;

        // Checks of each node are a minute apart: only being told can make the others check.
        var snapshot = Snapshot(backend, TimeSpan.FromMinutes(1));
        await StartAsync(snapshot);
        foreach (var (checks, _) in _nodes)
        {
            checks.Suspect(SetId, backend);
        }

        await UntilAsync(node => node.IsHealthy(SetId, backend) == true);
        listener.Dispose();
        _nodes[0].Checks.Suspect(SetId, backend);

        await UntilAsync(node => node.IsHealthy(SetId, backend) == false);
    }

    [Fact]
    public async Task Exchange_OneNodeIsCutOffFromTheBackend_OthersKeepIt()
    {
        using var listener = Listen(0);
        var backend = (IPEndPoint)listener.LocalEndPoint!;
        await StartAsync(Snapshot(backend));
        await UntilAsync(node => node.IsHealthy(SetId, backend) == true);

        // The standby is told to check where nothing listens: it alone sees a failure.
        var wrong = Snapshot(backend);
        var set = wrong.BackendSets[0];
        wrong = wrong with { BackendSets = [set with { HealthCheck = set.HealthCheck! with { Port = 1 } }] };
        _nodes[1].Checks.ApplySnapshot(wrong);
        await UntilAsync(() => _nodes[1].Exchange.IsHealthy(SetId, backend) == false);

        _nodes[0].Exchange.HoldersChanged([IPAddress.Parse("10.70.0.100")]);
        await UntilAsync(() => _nodes[2].Exchange.IsHealthy(SetId, backend) == true);
        _nodes[0].Exchange.IsHealthy(SetId, backend).ShouldBe(true);
    }

    [Fact]
    public async Task Exchange_NodeStartsLater_LearnsAllThatIsKnown()
    {
        var backend = new IPEndPoint(IPAddress.Loopback, 1);
        var snapshot = Snapshot(backend);
        await StartAsync(snapshot, count: 2);
        await UntilAsync(node => node.IsHealthy(SetId, backend) == false);

        await StartAsync(snapshot, count: 1);

        await UntilAsync(node => node.IsHealthy(SetId, backend) == false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (checks, exchange) in _nodes)
        {
            await exchange.StopAsync(CancellationToken.None);
            await checks.StopAsync(CancellationToken.None);
            exchange.Dispose();
            checks.Dispose();
        }

        _meters.Dispose();
    }

    private async Task StartAsync(ClusterSnapshot snapshot, int count = 3)
    {
        for (var i = 0; i < count; i++)
        {
            var name = Names[_nodes.Count];
            var checks = new HealthCheckService(
                name, new HealthProbes(null, ProbeSource.Any, TimeProvider.System), new HealthCheckMetrics(_meters), TimeProvider.System,
                NullLogger<HealthCheckService>.Instance);
            var exchange = new VerdictExchange(
                name, new IPEndPoint(AddressOf(_nodes.Count), _port), checks, TimeProvider.System,
                NullLogger<VerdictExchange>.Instance);
            _nodes.Add((checks, exchange));
            await checks.StartAsync(CancellationToken.None);
            await exchange.StartAsync(CancellationToken.None);
            checks.ApplySnapshot(snapshot);
            exchange.ApplySnapshot(snapshot);
        }
    }

    private Task UntilAsync(Func<VerdictExchange, bool> condition) =>
        UntilAsync(() => _nodes.All(node => condition(node.Exchange)));

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
        }
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

    private static IPAddress AddressOf(int node) => IPAddress.Parse($"127.0.7.{node + 1}");

    private static ClusterSnapshot Snapshot(IPEndPoint backend, TimeSpan? interval = null) => new()
    {
        Revision = 1,
        HeartbeatKeys = [new HeartbeatKey(1, [.. new byte[HeartbeatKey.SecretLength]])],
        Nodes =
        [
            .. Names.Select((name, i) => new NodePeer
            {
                Name = name,
                Interfaces =
                [
                    new NodeInterface
                    {
                        Name = "lo",
                        Index = 1,
                        MacAddress = PhysicalAddress.None,
                        Up = true,
                        Addresses = [new InterfaceAddress(AddressOf(i), IPNetwork.Parse("127.0.7.0/24"))],
                    },
                ],
            }),
        ],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = [.. Names] }],
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
                    Interval = interval ?? TimeSpan.FromMilliseconds(100),
                    Timeout = TimeSpan.FromSeconds(5),
                    UnhealthyThreshold = 1,
                    HealthyThreshold = 1,
                },
                Backends =
                [
                    new Backend { Address = backend.Address, Port = (ushort)backend.Port, Condition = BackendCondition.Ready },
                ],
            },
        ],
    };
}
