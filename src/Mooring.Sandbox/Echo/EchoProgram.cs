namespace Mooring.Sandbox.Echo;

/// <summary>The program in every pod: HTTP, TCP echo and UDP echo, which may be made to fail.</summary>
internal sealed class EchoProgram : IAsyncDisposable
{
    public const int HttpPort = 8080;
    public const int TcpPort = 9000;
    public const int UdpPort = 9001;

    private readonly EchoState _state;
    private readonly Func<Func<IReadOnlyList<IAsyncDisposable>>, IReadOnlyList<IAsyncDisposable>> _inNamespace;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private IReadOnlyList<IAsyncDisposable> _servers = [];

    /// <param name="identity">Who it says it is.</param>
    /// <param name="inNamespace">Runs a function in the network namespace that it is to listen in.</param>
    public EchoProgram(
        EchoIdentity identity,
        Func<Func<IReadOnlyList<IAsyncDisposable>>, IReadOnlyList<IAsyncDisposable>> inNamespace,
        TimeProvider time)
    {
        _state = new EchoState(identity, time);
        _inNamespace = inNamespace;
    }

    /// <summary>Requests answered since the start, health checks left out.</summary>
    public long Requests => _state.Requests;

    public PodFailure Failure => _state.Failure;

    /// <summary>When the last request of each client came in, health checks left out; the first 100 clients.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LastRequests => _state.LastRequests;

    /// <summary>When health checks were answered by a failure since it fails, the last 100.</summary>
    public IReadOnlyList<DateTimeOffset> FailingAnswers => _state.FailingAnswers;

    public async Task StartAsync(CancellationToken cancellationToken) =>
        await SetFailureAsync(PodFailure.None, cancellationToken);

    public async Task SetFailureAsync(PodFailure failure, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            _state.Failure = failure;
            if (failure == PodFailure.Refuse)
            {
                await CloseAsync();
            }
            else if (_servers.Count == 0)
            {
                _servers = _inNamespace(Listen);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _changing.Dispose();
    }

    private List<IAsyncDisposable> Listen() =>
    [
        StreamServer.Listen(HttpPort, new HttpEcho(_state).ServeAsync),
        StreamServer.Listen(TcpPort, new TcpEcho(_state).ServeAsync),
        UdpEcho.Listen(_state, UdpPort),
    ];

    private async Task CloseAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _servers = [];
    }
}
