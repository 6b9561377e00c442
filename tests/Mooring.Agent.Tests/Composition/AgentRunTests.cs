using System.Net;
using System.Net.Sockets;
using Mooring.Agent.Tests.Controlling;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using Backend = Mooring.Core.Snapshots.Backend;
using BackendCondition = Mooring.Core.Snapshots.BackendCondition;
using BackendSet = Mooring.Core.Snapshots.BackendSet;
using HealthCheckType = Mooring.Core.Snapshots.HealthCheckType;
using HeartbeatKey = Mooring.Core.Snapshots.HeartbeatKey;
using TransportProtocol = Mooring.Core.Snapshots.TransportProtocol;

namespace Mooring.Agent.Tests.Composition;

/// <summary>Real agent processes in network namespaces, driven by a controller of the test.</summary>
public sealed class AgentRunTests : IAsyncLifetime
{
    private const string Vip = "10.70.0.100";
    private static readonly IPEndPoint ControllerEndPoint = new(IPAddress.Parse("10.70.0.1"), 7946);

    private readonly TemporaryDirectory _state = new();
    private readonly Dictionary<string, AgentProcess> _agents = [];
    private readonly List<AgentProcess> _started = [];
    private TestNetwork? _network;
    private TestPod? _pod1;
    private TestPod? _pod2;
    private TestController? _controller;
    private HttpClient? _client;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for network namespaces, nftables and packet sockets");
        _network = new TestNetwork();
        _pod1 = new TestPod(_network, "p1", new IPEndPoint(IPAddress.Parse("10.71.1.2"), 8080));
        _pod2 = new TestPod(_network, "p2", new IPEndPoint(IPAddress.Parse("10.71.2.2"), 8080));
        _controller = await StartControllerAsync(1);
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = _network.Socket("c");
                try
                {
                    await socket.ConnectAsync(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        })
        {
            Timeout = TimeSpan.FromSeconds(15),
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join("\n----\n", _started.Select(agent => agent.Log)));
        }

        foreach (var agent in _started)
        {
            await agent.DisposeAsync();
        }

        _client?.Dispose();
        if (_controller is not null)
        {
            await _controller.DisposeAsync();
        }

        _pod1?.Dispose();
        _pod2?.Dispose();
        _network?.Dispose();
        _state.Dispose();
    }

    [Fact]
    public async Task Run_TwoNodes_ServeFailOverAndComeBackFromDisk()
    {
        Start("n1");
        Start("n2");
        await AcknowledgedAsync("n1", 1);
        await AcknowledgedAsync("n2", 1);
        var holder = await HolderAsync();
        var standby = Other(holder);
        await AnswersAsync("p1", "p2");
        TestNetwork.ClientNeighbour(Vip).ShouldBe(TestNetwork.HardwareAddress(holder));

        // A pod that fails its check gets nothing new, and comes back.
        _pod1!.Failed = true;
        await Eventually.HoldsAsync(() => Verdict(holder, "10.71.1.2") == false, "p1 reported unhealthy by the holder");
        await OnlyAnswersAsync("p2");
        _pod1.Failed = false;
        await AnswersAsync("p1", "p2");

        // The holder's agent dies: the other node takes over.
        await _agents[holder].KillAsync();
        await HeldByAsync(standby);
        await AnswersAsync("p1", "p2");
        await Eventually.HoldsAsync(
            () => TestNetwork.ClientNeighbour(Vip) == TestNetwork.HardwareAddress(standby), "the client learned the new holder");

        // The controller goes, and the new holder's agent restarts: it works from its snapshot.
        await _controller!.DisposeAsync();
        await _agents[standby].KillAsync();
        var alone = Start(standby);
        await alone.LogsAsync("Snapshot 1 loaded");
        await alone.LogsAsync($"{Vip} is Holder");
        await AnswersAsync("p1", "p2");
        alone.ResidentBytes.ShouldBeLessThan(150L * 1024 * 1024);

        // A corrupt snapshot file is named in the log and set aside; the agent starts without it.
        await alone.KillAsync();
        var file = Path.Combine(_state.Path, standby, "snapshot.bin");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        alone = Start(standby);
        await alone.LogsAsync($"Snapshot file {file} cannot be used: corrupt");
        await alone.LogsAsync("waiting for a controller");
        File.Exists(file + ".corrupt").ShouldBeTrue();

        // With a controller again it gets the whole snapshot.
        _controller = await StartControllerAsync(2);
        await AcknowledgedAsync(standby, 2);
        await HeldByAsync(standby);
        await AnswersAsync("p1", "p2");
        (await alone.TerminateAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Run_Terminated_HandsOverFirstAndTells()
    {
        Start("n1");
        Start("n2");
        await AcknowledgedAsync("n1", 1);
        await AcknowledgedAsync("n2", 1);
        var holder = await HolderAsync();
        await AnswersAsync("p1", "p2");

        var failures = 0;
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                failures += await TryGetAsync() is null ? 1 : 0;
            }
        });
        (await _agents[holder].TerminateAsync()).ShouldBe(0);
        await HeldByAsync(Other(holder));
        await stop.CancelAsync();
        await traffic;

        // Requests come one after the other. Nat mode cannot carry a connection to the new holder, so what is in flight
        // at the move may fail, and nothing after it.
        failures.ShouldBeLessThanOrEqualTo(2);
        await Eventually.HoldsAsync(
            () => _controller!.Service.Messages(m => m.Holder, holder).Any(report => report.Role != Role.Holder),
            "the old holder told that it gave the address up");
    }

    [Fact]
    public async Task Run_KilledWhileAPodFails_SendsNobodyToItFromItsStartOn()
    {
        var agent = Start("n1");
        await HeldByAsync("n1");
        await AnswersAsync("p1", "p2");
        _pod1!.Failed = true;
        await OnlyAnswersAsync("p2");
        await Eventually.HoldsAsync(() => File.Exists(Path.Combine(_state.Path, "n1", "verdicts")), "the verdict is on disk");

        await agent.KillAsync();
        var seen = new HashSet<string>();
        using var stop = new CancellationTokenSource();
        var traffic = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                seen.Add(await TryGetAsync() ?? "");
            }
        });
        agent = Start("n1");
        await agent.LogsAsync($"{Vip} is Holder");
        await OnlyAnswersAsync("p2");
        await stop.CancelAsync();
        await traffic;

        seen.ShouldNotContain("p1");
    }

    [Fact]
    public void Run_BadOptions_NamesThemAndExits()
    {
        var (code, output) = Shell.Try(
            $"dotnet {Path.Combine(AppContext.BaseDirectory, "mooring-agent.dll")} run --node-name Bad_Name --controller somewhere --heartbeat-port 0");

        code.ShouldBe(2);
        output.ShouldContain("--node-name (MOORING_NODE_NAME)");
        output.ShouldContain("--controller (MOORING_CONTROLLER)");
        output.ShouldContain("--heartbeat-port (MOORING_HEARTBEAT_PORT) must be 1 to 65535, not 0");
    }

    private static ClusterSnapshot Snapshot(ulong revision) => new()
    {
        Revision = revision,
        Nodes = [Node("n1", 11), Node("n2", 12)],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse(Vip), Candidates = ["n1", "n2"] }],
                Ports =
                [
                    new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "default/web:8080" },
                ],

                // Slow, so that a busy test machine is not taken for a dead node.
                HeartbeatInterval = TimeSpan.FromMilliseconds(300),
                DetectMultiplier = 5,
            },
        ],
        BackendSets =
        [
            new BackendSet
            {
                Id = "default/web:8080",
                Pool = new NamespacedName("default", "web"),
                Algorithm = BalancingAlgorithm.RoundRobin,
                HealthCheck = new HealthCheckIntent
                {
                    Type = HealthCheckType.Http,
                    Path = "/healthz",
                    Interval = TimeSpan.FromMilliseconds(200),
                    Timeout = TimeSpan.FromSeconds(5),
                    UnhealthyThreshold = 2,
                    HealthyThreshold = 2,
                },
                Backends = [Backend("10.71.1.2", "n1"), Backend("10.71.2.2", "n2")],
            },
        ],
        HeartbeatKeys = [new HeartbeatKey(1, [.. Enumerable.Range(0, HeartbeatKey.SecretLength).Select(i => (byte)i)])],
    };

    private static Backend Backend(string address, string node) => new()
    {
        Address = IPAddress.Parse(address),
        Port = 8080,
        NodeName = node,
        DisplayName = $"pod/{node}",
        Condition = BackendCondition.Ready,
    };

    private static NodePeer Node(string name, int host) => new()
    {
        Name = name,
        Interfaces =
        [
            new NodeInterface
            {
                Name = "eth0",
                Index = 2,
                MacAddress = System.Net.NetworkInformation.PhysicalAddress.Parse(TestNetwork.HardwareAddress(name)),
                Up = true,
                Addresses = [new InterfaceAddress(IPAddress.Parse($"10.70.0.{host}"), IPNetwork.Parse("10.70.0.0/24"))],
            },
        ],
    };

    private AgentProcess Start(string node)
    {
        var agent = new AgentProcess(node, Path.Combine(_state.Path, node));
        _agents[node] = agent;
        _started.Add(agent);
        return agent;
    }

    private Task<TestController> StartControllerAsync(ulong revision) => TestController.StartAsync(
        new ControllerMessage { Snapshot = SnapshotMapping.ToProto(Snapshot(revision)) },
        ControllerEndPoint,
        endPoint => _network!.Listener("sw", (IPEndPoint)endPoint));

    private Task AcknowledgedAsync(string node, ulong revision) => Eventually.HoldsAsync(
        () => _controller!.Service.Messages(m => m.Ack, node).Any(ack => ack.Revision == revision && ack.Applied && ack.Problems.Count == 0),
        $"revision {revision} applied by {node}");

    private static string Other(string node) => node == "n1" ? "n2" : "n1";

    private Task<string> HolderAsync() =>
        Eventually.GetAsync(() => (Holds("n1"), Holds("n2")) switch
        {
            (true, false) => "n1",
            (false, true) => "n2",
            _ => null,
        }, "one holder");

    private Task HeldByAsync(string node) => Eventually.HoldsAsync(() => Holds(node), $"{node} reported as holder");

    private bool Holds(string node) =>
        _controller!.Service.Messages(m => m.Holder, node).LastOrDefault()?.Role == Role.Holder;

    private bool? Verdict(string node, string address) => _controller!.Service.Messages(m => m.Health, node)
        .SelectMany(health => health.Endpoints)
        .LastOrDefault(endpoint => endpoint.Address == address)?.Healthy;

    private async Task AnswersAsync(params string[] pods)
    {
        var seen = new HashSet<string>();
        var started = TimeProvider.System.GetTimestamp();
        while (!seen.SetEquals(pods))
        {
            (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60)).ShouldBeTrue(
                $"answers of {string.Join(", ", pods)}, seen: {string.Join(", ", seen)}");
            if (await TryGetAsync() is { } answer)
            {
                seen.Add(answer);
            }
        }
    }

    private async Task OnlyAnswersAsync(string pod)
    {
        // The report goes out with the change itself; a moment later the kernel has it for certain.
        var inARow = 0;
        var started = TimeProvider.System.GetTimestamp();
        while (inARow < 20)
        {
            (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60)).ShouldBeTrue($"answers of {pod} only");
            inARow = await TryGetAsync() == pod ? inARow + 1 : 0;
        }
    }

    private async Task<string?> TryGetAsync()
    {
        try
        {
            return await _client!.GetStringAsync(new Uri($"http://{Vip}/"));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
