using System.Net.Sockets;

namespace Mooring.Agent.Tests.HealthChecks;

/// <summary>A server that answers with random bytes.</summary>
internal static class RandomAnswers
{
    /// <summary>How answers begin, so that some get past the first look.</summary>
    private static readonly byte[][] Beginnings =
    [
        [], [.. "HTTP/1.1 "u8], [.. "HTTP/1.1 200 OK\r\n"u8], [.. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8],
        [0, 0, 0, 4, 0, 0, 0, 0, 0], [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 1], [22, 3, 3, 0, 200],
    ];

    /// <summary>Answers one connection after the other until <paramref name="listener"/> is closed.</summary>
    public static async Task ServeAsync(Socket listener, Random random)
    {
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptAsync();
                try
                {
                    await connection.ReceiveAsync(buffer);
                    var answer = new byte[random.Next(4000)];
                    random.NextBytes(answer);
                    await connection.SendAsync(Beginnings[random.Next(Beginnings.Length)]);
                    await connection.SendAsync(answer);
                    connection.Shutdown(SocketShutdown.Send);
                    while (await connection.ReceiveAsync(buffer) > 0)
                    {
                    }
                }
                catch (SocketException)
                {
                    // The prober had enough of it.
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
