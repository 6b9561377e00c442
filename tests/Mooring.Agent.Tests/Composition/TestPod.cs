using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Agent.Tests.Composition;

/// <summary>A web server in a pod's namespace: answers its name, or 503 on /healthz when it is failed.</summary>
internal sealed class TestPod : IDisposable
{
    private readonly string _name;
    private readonly Socket _listener;

    public TestPod(TestNetwork network, string name, IPEndPoint endPoint)
    {
        _name = name;
        _listener = network.Listener(name, endPoint);
        _listener.Listen(128);
        _ = AcceptAsync();
    }

    public bool Failed { get; set; }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed: the test is over.
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        using (connection)
        {
            var buffer = new byte[4096];
            var length = 0;
            while (!Encoding.ASCII.GetString(buffer, 0, length).Contains("\r\n\r\n"))
            {
                var read = await connection.ReceiveAsync(buffer.AsMemory(length));
                if (read == 0)
                {
                    return;
                }

                length += read;
            }

            var failed = Failed && Encoding.ASCII.GetString(buffer, 0, length).StartsWith("GET /healthz");
            await connection.SendAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {(failed ? "503 Service Unavailable" : "200 OK")}\r\nContent-Length: {_name.Length}\r\nConnection: close\r\n\r\n{_name}"));
            connection.Shutdown(SocketShutdown.Send);
        }
    }
}
