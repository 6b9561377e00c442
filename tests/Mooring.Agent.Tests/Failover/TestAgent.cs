using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Failover;
using Mooring.Core.Snapshots;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.Failover;

/// <summary>A failover service as on one node, with a fake speaker.</summary>
internal sealed class TestAgent : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestMeters _meters = new();
    private readonly int _number;
    private readonly HeartbeatSocketFactory _open;

    public TestAgent(int number, NetworkNamespace? ns = null)
    {
        _number = number;
        _open = ns is null ? HeartbeatSocket.Open : (name, local) => ns.Run(() => HeartbeatSocket.Open(name, local));
        Service = Create();
        Events = Service.Subscribe();
    }

    public ListLogger<FailoverService> Log { get; } = new();

    /// <summary>Where its metrics come from.</summary>
    public TestMeters Meters => _meters;

    public string Name => $"node-{_number}";

    public FakeSpeaker Speaker { get; private set; } = new();

    public FailoverService Service { get; private set; }

    public ChannelReader<FailoverEvent> Events { get; private set; }

    public bool Answers(IPAddress address) => Speaker.Answers(address);

    public async Task StartAsync(ClusterSnapshot snapshot, IReadOnlyList<NodeInterface> interfaces)
    {
        Service.InterfacesChanged(interfaces);
        Service.ApplySnapshot(snapshot);
        await Service.StartAsync(CancellationToken.None);
    }

    /// <summary>As a crash: nothing is handed over, nobody answers any more.</summary>
    public async Task KillAsync()
    {
        await Service.AbortAsync();
        await Speaker.DisposeAsync();
        Service.Dispose();
    }

    /// <summary>A new process with the same disk.</summary>
    public async Task RestartAsync(ClusterSnapshot snapshot, IReadOnlyList<NodeInterface> interfaces)
    {
        Speaker = new FakeSpeaker();
        Service = Create();
        Events = Service.Subscribe();
        await StartAsync(snapshot, interfaces);
    }

    public async ValueTask DisposeAsync()
    {
        await Service.AbortAsync();
        Service.Dispose();
        _meters.Dispose();
        _folder.Dispose();
    }

    private FailoverService Create() => new(
        new FailoverOptions { NodeName = Name, TermFile = _folder.File("terms") },
        Speaker, _open, new FailoverMetrics(_meters), TimeProvider.System, new Loggers(Log));

    private sealed class Loggers(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
