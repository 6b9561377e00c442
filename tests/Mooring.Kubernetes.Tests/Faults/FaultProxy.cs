using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>Stands between clients and a server, on loopback, and lets go wrong what the schedule says.</summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly FaultSchedule _schedule;
    private readonly IPEndPoint _server;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<int, Task> _connections = new();
    private readonly ConcurrentDictionary<string, int> _faults = new();
    private readonly Task _accepting;
    private volatile bool _calm;

    public FaultProxy(FaultSchedule schedule, IPEndPoint server)
    {
        _schedule = schedule;
        _server = server;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(64);
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address { get; }

    /// <summary>Nothing further goes wrong from now on; what has stalled stays so.</summary>
    public bool Calm
    {
        get => _calm;
        set => _calm = value;
    }

    /// <summary>How often each thing went wrong.</summary>
    public IReadOnlyDictionary<string, int> Faults => _faults;

    public void Count(string fault) => _faults.AddOrUpdate(fault, 1, (_, count) => count + 1);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        for (var number = 0; ; number++)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            var faults = _schedule.Connection(number);
            if (faults.Refused && !_calm)
            {
                Count("refused");
                Reset(client);
                continue;
            }

            _connections[number] = ServeAsync(client, faults);
        }
    }

    private async Task ServeAsync(Socket client, ConnectionFaults faults)
    {
        using (client)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            try
            {
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(_server, ended.Token);
                var connection = new FaultyConnection(this, client, server, faults, _schedule.Tls);
                var ways = new[] { connection.RequestsAsync(ended.Token), connection.AnswersAsync(ended.Token) };
                await Task.WhenAny(ways);
                await ended.CancelAsync();
                client.Shutdown(SocketShutdown.Both);
                await Task.WhenAll(ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One of the two is gone, which is what this is about.
            }
        }
    }

    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // The other side was quicker.
        }

        socket.Close();
    }
}
