using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>
/// Answers each request on a connection of its own with as many bytes as the test says. It writes to the socket itself,
/// so that what it has sent is what the client took, but for the kernel's buffers.
/// </summary>
internal sealed class FloodServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, Flood> _answer;
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private long _sent;

    /// <param name="answer">From the request's path and query.</param>
    public FloodServer(Func<string, Flood> answer)
    {
        _answer = answer;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Address = new Uri($"http://{_listener.LocalEndPoint}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    public long Sent => Interlocked.Read(ref _sent);

    public int Requests { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
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

            Requests++;
            _connections.Add(ServeAsync(client));
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var request = new byte[16 << 10];
                var read = await client.ReceiveAsync(request, _stop.Token);
                await SendAsync(client, _answer(Encoding.ASCII.GetString(request, 0, read).Split(' ')[1]));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The client has had enough, which is what this is about.
            }
        }
    }

    private async Task SendAsync(Socket client, Flood flood)
    {
        var length = flood.Announced is { } announced ? $"Content-Length: {announced}\r\n" : "";
        await client.SendAsync(
            Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {flood.Status} X\r\nContent-Type: application/json\r\n{length}Connection: close\r\n\r\n{flood.Start}"),
            _stop.Token);
        var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(flood.Filler, 60_000 / flood.Filler.Length)));
        for (var left = flood.Length; left > 0; left -= piece.Length)
        {
            Interlocked.Add(ref _sent, await client.SendAsync(piece, _stop.Token));
        }

        if (flood.StaysOpen)
        {
            await client.ReceiveAsync(new byte[1], _stop.Token);
        }
        else
        {
            client.Shutdown(SocketShutdown.Send);
        }
    }
}

/// <summary>An answer: how it starts, and how many bytes of what follow.</summary>
internal sealed record Flood(
    string Start, long Length = 0, string Filler = "x", int Status = 200, long? Announced = null, bool StaysOpen = false);
