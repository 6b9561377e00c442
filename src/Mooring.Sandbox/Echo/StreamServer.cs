using System.Net;
using System.Net.Sockets;

namespace Mooring.Sandbox.Echo;

/// <summary>Accepts TCP connections on one port and hands each to a handler; stopping aborts those that are open.</summary>
internal sealed class StreamServer : IAsyncDisposable
{
    private const int Backlog = 1024;

    private readonly Socket _listener;
    private readonly Func<Socket, CancellationToken, Task> _handler;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Socket> _open = [];
    private readonly Lock _lock = new();
    private readonly Task _accepting;

    private StreamServer(Socket listener, Func<Socket, CancellationToken, Task> handler)
    {
        _listener = listener;
        _handler = handler;
        _accepting = AcceptAsync();
    }

    /// <summary>Listens on every address of the network namespace that the calling thread is in.</summary>
    public static StreamServer Listen(int port, Func<Socket, CancellationToken, Task> handler)
    {
        var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.DualMode = true;
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            listener.Listen(Backlog);
            return new StreamServer(listener, handler);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        lock (_lock)
        {
            foreach (var connection in _open)
            {
                connection.LingerState = new LingerOption(enable: true, 0); // a reset, as from a killed process
                connection.Dispose();
            }

            _open.Clear();
        }

        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is not SocketError.OperationAborted)
            {
                continue; // the client went away between the handshake and us
            }
            catch (SocketException)
            {
                return;
            }

            lock (_lock)
            {
                if (_stop.IsCancellationRequested)
                {
                    connection.Dispose();
                    return;
                }

                _open.Add(connection);
            }

            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            connection.NoDelay = true;
            await _handler(connection, _stop.Token);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException
            or ObjectDisposedException or IOException)
        {
            // The client left or we stop: nobody is there to be told.
        }
        finally
        {
            lock (_lock)
            {
                _open.Remove(connection);
            }

            connection.Dispose();
        }
    }
}
