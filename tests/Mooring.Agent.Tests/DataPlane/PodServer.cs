using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>Answers TCP with its name and the client it saw, then echoes; answers UDP with its name and the length.</summary>
internal static class PodServer
{
    public const int Port = 8080;

    public static void Start(NetworkNamespace place, string name, IPAddress address, ConcurrentBag<Socket> sockets)
    {
        var tcp = place.Run(() => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        tcp.Bind(new IPEndPoint(address, Port));
        tcp.Listen(512);
        sockets.Add(tcp);
        _ = Task.Run(() => UntilDisposedAsync(async () =>
        {
            var connection = await tcp.AcceptAsync();
            sockets.Add(connection);
            var client = ((IPEndPoint)connection.RemoteEndPoint!).Address;
            _ = Task.Run(() => UntilDisposedAsync(() => GreetAndEchoAsync(connection, $"{name} saw {client}"), once: true));
        }));

        var udp = place.Run(() => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        udp.Bind(new IPEndPoint(address, Port));
        sockets.Add(udp);
        var datagram = new byte[65_536];
        _ = Task.Run(() => UntilDisposedAsync(async () =>
        {
            var received = await udp.ReceiveFromAsync(datagram, (EndPoint)new IPEndPoint(address, 0));
            var answer = received.ReceivedBytes <= 1 ? name : $"{name} got {received.ReceivedBytes}";
            await udp.SendToAsync(Encoding.ASCII.GetBytes(answer), received.RemoteEndPoint);
        }));
    }

    private static async Task GreetAndEchoAsync(Socket connection, string greeting)
    {
        using var closing = connection;
        await connection.SendAsync(Encoding.ASCII.GetBytes(greeting));
        var buffer = new byte[65_536];
        while (await connection.ReceiveAsync(buffer) is > 0 and var read)
        {
            for (var sent = 0; sent < read;)
            {
                sent += await connection.SendAsync(buffer.AsMemory(sent, read - sent));
            }
        }
    }

    private static async Task UntilDisposedAsync(Func<Task> work, bool once = false)
    {
        try
        {
            do
            {
                await work();
            }
            while (!once);
        }
        catch (SocketException)
        {
            // Closed by the client, or the test is over.
        }
        catch (ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
