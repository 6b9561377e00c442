using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Mooring.Linux.Namespaces;

namespace Mooring.Benchmarks.Sync;

/// <summary>
/// Latency through a node's rules: a client in one network namespace, endpoints in another. New connections meet the tables;
/// a round trip on an established one meets what every packet does.
/// </summary>
internal static class SyncProbe
{
    public const string Verb = "sync-probe";
    private const int Connections = 3000;
    private const int RoundTrips = 20_000;
    private const int EndpointPort = 8080;

    /// <param name="client">Name of the client's namespace.</param>
    /// <param name="pod">Name of the namespace with all endpoints.</param>
    /// <param name="services">Number of services; 0 goes to the endpoints without any.</param>
    public static int Run(string client, string pod, int services)
    {
        using var clientSide = NetworkNamespace.Open(client);
        using var podSide = NetworkNamespace.Open(pod);
        using var listener = podSide.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Any, EndpointPort));
        listener.Listen(512);
        var echo = new Thread(() => Serve(listener)) { IsBackground = true };
        echo.Start();

        IPEndPoint[] targets = services == 0
            ? [.. Enumerable.Range(1, SyncSnapshots.Endpoints).Select(i => new IPEndPoint(new IPAddress([10, 99, 0, (byte)i]), EndpointPort))]
            : [.. SyncSnapshots.ProbedAddresses(services).Select(address => new IPEndPoint(address, SyncSnapshots.Port))];
        var connects = new double[Connections];
        for (var i = -100; i < Connections; i++)
        {
            var time = Connect(clientSide, targets[Math.Abs(i) % targets.Length]);
            connects[Math.Max(i, 0)] = time;
        }

        var trips = clientSide.Run(() => Trips(targets[0]));
        Console.WriteLine(JsonSerializer.Serialize(new SortedDictionary<string, double>
        {
            ["connect"] = Math.Round(Median.Of(connects), 1),
            ["round-trip"] = Math.Round(Median.Of(trips), 1),
        }));
        return 0;
    }

    /// <summary>Microseconds from SYN to SYN-ACK.</summary>
    private static double Connect(NetworkNamespace client, IPEndPoint target)
    {
        using var socket = client.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        socket.LingerState = new LingerOption(enable: true, 0);
        var start = TimeProvider.System.GetTimestamp();
        socket.Connect(target);
        return TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
    }

    private static double[] Trips(IPEndPoint target)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(target);
        var trips = new double[RoundTrips];
        var buffer = new byte[1];
        for (var i = -1000; i < RoundTrips; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            socket.Send(buffer);
            socket.Receive(buffer);
            trips[Math.Max(i, 0)] = TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
        }

        return trips;
    }

    private static void Serve(Socket listener)
    {
        var buffer = new byte[1];
        while (!listener.SafeHandle.IsClosed)
        {
            try
            {
                using var socket = listener.Accept();
                socket.NoDelay = true;
                while (socket.Receive(buffer) > 0)
                {
                    socket.Send(buffer);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The client resets its connections; at the end the listener is closed.
            }
        }
    }
}
