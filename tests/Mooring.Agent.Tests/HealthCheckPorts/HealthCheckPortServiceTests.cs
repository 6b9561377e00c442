using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.HealthCheckPorts;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.HealthCheckPorts;

public sealed class HealthCheckPortServiceTests : IAsyncLifetime
{
    private static readonly IPEndPoint Bad = new(IPAddress.Parse("10.71.1.2"), 8080);

    private readonly ListLogger<HealthCheckPortService> _log = new(LogLevel.Information);
    private readonly HttpClient _client = new();
    private readonly ServiceProvider _services = new ServiceCollection().BuildServiceProvider();
    private readonly HealthCheckPortService _ports;
    private bool _forwards = true;

    public HealthCheckPortServiceTests() => _ports = new HealthCheckPortService(
        "node-1",
        (_, endPoint) => endPoint.Equals(Bad) ? false : null,
        () => _forwards,
        _services,
        TimeProvider.System,
        NullLoggerFactory.Instance,
        _log);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _ports.StartAsync(Cancelled);

    public async ValueTask DisposeAsync()
    {
        await _ports.StopAsync(Cancelled);
        _ports.Dispose();
        _client.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Port_NodeWithEndpoints_AnswersAsKubeProxyDoes()
    {
        var port = FreePort();

        await _ports.ApplyAsync(Snapshot(port, ("10.71.1.3", "node-1"), ("10.71.1.4", "node-1"), ("10.71.2.2", "node-2")), Cancelled);

        using var answer = await AnswerAsync(port);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        answer.Headers.GetValues("X-Load-Balancing-Endpoint-Weight").ShouldBe(["2"]);
        (await answer.Content.ReadAsStringAsync(Cancelled)).ShouldBe(
            """{"service":{"namespace":"default","name":"web"},"localEndpoints":2,"serviceProxyHealthy":true}""");
    }

    [Fact]
    public async Task Port_NoEndpointThatServes_Is503()
    {
        var port = FreePort();

        await _ports.ApplyAsync(Snapshot(port, ("10.71.1.2", "node-1"), ("10.71.2.2", "node-2")), Cancelled);

        using var answer = await AnswerAsync(port);
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadAsStringAsync(Cancelled)).ShouldContain("\"localEndpoints\":0", customMessage: "the one here fails its check");
    }

    [Fact]
    public async Task Port_ForwardingHangs_Is503()
    {
        var port = FreePort();
        _forwards = false;

        await _ports.ApplyAsync(Snapshot(port, ("10.71.1.3", "node-1")), Cancelled);

        using var answer = await AnswerAsync(port);
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await answer.Content.ReadAsStringAsync(Cancelled)).ShouldContain("\"serviceProxyHealthy\":false");
    }

    [Fact]
    public async Task Port_NotWantedAnyMore_IsClosed()
    {
        var port = FreePort();
        await _ports.ApplyAsync(Snapshot(port, ("10.71.1.3", "node-1")), Cancelled);
        using var answer = await AnswerAsync(port);

        await _ports.ApplyAsync(ClusterSnapshot.Empty, Cancelled);

        await Eventually.HoldsAsync(() => Logged($"port {port} is closed"), "closed");
        using var free = new TcpListener(IPAddress.IPv6Any, port);
        free.Start();
    }

    [Fact]
    public async Task Port_OfKubeProxy_IsLeftToItAndTakenWhenItGoes()
    {
        var port = FreePort();
        using (var proxy = new TcpListener(IPAddress.Any, port))
        {
            proxy.Start();
            await _ports.ApplyAsync(Snapshot(port, ("10.71.1.3", "node-1")), Cancelled);
            await Eventually.HoldsAsync(
                () => Logged($"port {port} of default/web is left to who has it"), "said in the log");
        }

        await _ports.ApplyAsync(Snapshot(port, ("10.71.1.3", "node-1")), Cancelled);

        using var answer = await AnswerAsync(port);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Of the range of node ports, which is below those that the kernel gives to clients.</summary>
    private static ushort FreePort()
    {
        while (true)
        {
            var port = (ushort)Random.Shared.Next(30_000, 32_768);
            try
            {
                using var listener = new TcpListener(IPAddress.Any, port);
                listener.Start();
                return port;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one's.
            }
        }
    }

    private static ClusterSnapshot Snapshot(ushort port, params (string Address, string Node)[] endpoints) => new()
    {
        Revision = 1,
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                Ports =
                [
                    new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "web:8080" },
                    new PortIntent { Name = "alt", Port = 81, Protocol = TransportProtocol.Tcp, BackendSetId = "web:8081" },
                ],
                LocalEndpointsOnly = true,
                HealthCheckNodePort = port,
            },
        ],
        BackendSets = [Set("web:8080", 8080, endpoints), Set("web:8081", 8081, endpoints[1..])],
    };

    private static BackendSet Set(string id, ushort port, IEnumerable<(string Address, string Node)> endpoints) => new()
    {
        Id = id,
        Pool = new NamespacedName("default", "web"),
        Backends =
        [
            .. endpoints.Select(one => new Backend
            {
                Address = IPAddress.Parse(one.Address),
                Port = port,
                NodeName = one.Node,
                Condition = BackendCondition.Ready,
            }),
        ],
    };

    private bool Logged(string words) => _log.Lines.Any(line => line.Contains(words, StringComparison.Ordinal));

    private async Task<HttpResponseMessage> AnswerAsync(ushort port)
    {
        await Eventually.HoldsAsync(
            () => Logged($"Answering on health check port {port}"), "the port is open");
        return await _client.GetAsync(new Uri($"http://127.0.0.1:{port}/"), Cancelled);
    }
}
