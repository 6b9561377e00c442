using System.Net;
using System.Net.Sockets;

namespace Mooring.Agent.Tests.Controlling;

/// <summary>A TCP relay that can fall silent without closing anything, as a host that lost its power does.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;

    public Relay(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public volatile bool Silent;

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed: the test is over.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var target = new TcpClient();
        using (client)
        {
            await target.ConnectAsync(_target);
            await Task.WhenAll(PumpAsync(client, target), PumpAsync(target, client));
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer)) > 0)
            {
                if (!Silent)
                {
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read));
                }
            }

            to.Close();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            from.Close();
            to.Close();
        }
    }
}
