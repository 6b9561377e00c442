using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Controlling;
using Mooring.Agent.Loads;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;
using Mooring.Protocol.V1Alpha1;
using BackendSet = Mooring.Core.Snapshots.BackendSet;

namespace Mooring.Agent.Tests.Loads;

public sealed class LoadReporterTests : IAsyncLifetime
{
    private const byte Established = 3, TimeWait = 7;

    private readonly AgentReports _reports = new();
    private readonly List<ConntrackFlow> _flows = [];
    private readonly LoadReporter _reporter;
    private bool _deaf;

    public LoadReporterTests() => _reporter = new LoadReporter(
        take =>
        {
            if (_deaf)
            {
                throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
            }

            _flows.ForEach(take);
        },
        () => [("default/web:80", IPEndPoint.Parse("10.71.1.2:8080"), TimeSpan.FromMilliseconds(7)), ("default/other:80", IPEndPoint.Parse("10.71.9.9:80"), TimeSpan.FromMilliseconds(1))],
        _reports,
        TimeProvider.System,
        NullLogger<LoadReporter>.Instance);

    public async ValueTask InitializeAsync() => await _reporter.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _reporter.StopAsync(CancellationToken.None);
        _reporter.Dispose();
    }

    [Fact]
    public async Task Report_FlowsOfAWeightedPool_CountsThoseThatAreOpen()
    {
        _flows.AddRange(
        [
            Flow("10.70.0.100:80", "10.71.1.2:8080", Established),
            Flow("10.70.0.100:80", "10.71.1.2:8080", Established),
            Flow("10.70.0.100:80", "10.71.1.2:8080", TimeWait),
            Flow("10.70.0.100:80", "10.71.1.3:8080", Established),
            Flow("10.70.0.100:81", "10.71.1.3:8080", Established),
            Flow("10.71.1.3:8080", "10.71.1.3:8080", Established),
        ]);
        await _reporter.ApplyAsync(Snapshot(BalancingAlgorithm.LeastConnections), CancellationToken.None);

        var report = (await TakeAsync()).Load.Endpoints.ToDictionary(load => load.Address);

        report.Keys.ShouldBe(["10.71.1.2", "10.71.1.3"], ignoreOrder: true);
        report["10.71.1.2"].Connections.ShouldBe(2u);
        report["10.71.1.2"].ResponseTime.ToTimeSpan().ShouldBe(TimeSpan.FromMilliseconds(7));
        report["10.71.1.3"].Connections.ShouldBe(1u);
        report["10.71.1.3"].ResponseTime.ShouldBeNull();
    }

    [Fact]
    public async Task Report_NothingWeightedByLoad_NothingIsReadOrTold()
    {
        _deaf = true;
        await _reporter.ApplyAsync(Snapshot(BalancingAlgorithm.Maglev), CancellationToken.None);
        _reports.Add(new Ack { Revision = 7 });

        (await TakeAsync()).Ack.Revision.ShouldBe(7ul);
    }

    [Fact]
    public async Task Report_KernelCannotBeRead_TellsNothingRatherThanNoConnections()
    {
        _deaf = true;
        await _reporter.ApplyAsync(Snapshot(BalancingAlgorithm.LeastConnections), CancellationToken.None);
        _flows.Add(Flow("10.70.0.100:80", "10.71.1.2:8080", Established));
        _deaf = false;

        (await TakeAsync()).Load.Endpoints.Single(load => load.Address == "10.71.1.2").Connections.ShouldBe(1u);
    }

    private async Task<AgentMessage> TakeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        return await _reports.TakeAsync(timeout.Token);
    }

    private static ConntrackFlow Flow(string service, string backend, byte state) =>
        new(6, IPEndPoint.Parse("10.70.0.200:40000"), IPEndPoint.Parse(service), IPEndPoint.Parse(backend)) { TcpState = state };

    private static ClusterSnapshot Snapshot(BalancingAlgorithm algorithm) => new()
    {
        Revision = 1,
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100"), Candidates = ["node-1"] }],
                Ports = [new PortIntent { Name = "http", Port = 80, Protocol = Core.Snapshots.TransportProtocol.Tcp, BackendSetId = "default/web:80" }],
            },
        ],
        BackendSets = [new BackendSet { Id = "default/web:80", Pool = new NamespacedName("default", "web"), Algorithm = algorithm }],
    };
}
