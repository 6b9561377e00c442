using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mooring.Sandbox.Echo;

/// <summary>
/// The HTTP side of the echo program: says who answered and whom it saw. <c>/healthz</c> is the health check,
/// <c>/slow?ms=N</c> answers late, <c>/stream?bytes=N&amp;rate=BYTES_PER_SECOND</c> is a long download.
/// </summary>
internal sealed class HttpEcho(EchoState state)
{
    private const int ChunkSize = 32 * 1024;
    private const long MaxSlowMilliseconds = 600_000;
    private static readonly TimeSpan StreamTick = TimeSpan.FromMilliseconds(20);

    public async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        var buffer = new byte[HttpRequestHead.MaxLength];
        var filled = 0;
        while (true)
        {
            int end;
            while ((end = HttpRequestHead.FindEnd(buffer.AsSpan(0, filled))) < 0)
            {
                if (filled == buffer.Length)
                {
                    await RespondAsync(connection, 431, "Request Header Fields Too Large", "", false, cancellationToken);
                    return;
                }

                var read = await connection.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
                if (read == 0)
                {
                    return;
                }

                filled += read;
            }

            if (HttpRequestHead.Parse(buffer.AsSpan(0, end)) is not { } head)
            {
                await RespondAsync(connection, 400, "Bad Request", "", false, cancellationToken);
                return;
            }

            buffer.AsSpan(end, filled - end).CopyTo(buffer);
            filled -= end;
            var left = head.ContentLength;
            while (left > 0)
            {
                var taken = (int)Math.Min(left, filled);
                buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
                left -= taken;
                if (left > 0)
                {
                    filled = await connection.ReceiveAsync(buffer, cancellationToken);
                    if (filled == 0)
                    {
                        return;
                    }
                }
            }

            await state.WaitWhileHangingAsync(cancellationToken);
            await AnswerAsync(connection, head, cancellationToken);
            if (!head.KeepAlive)
            {
                connection.Shutdown(SocketShutdown.Send);
                return;
            }
        }
    }

    private async Task AnswerAsync(Socket connection, HttpRequestHead head, CancellationToken cancellationToken)
    {
        switch (head.Path)
        {
            case "/healthz" when state.Failure == PodFailure.Unhealthy:
                // Noted first: whoever is answered may act on it before this goes on.
                state.NoteFailingAnswer();
                await RespondAsync(connection, 503, "Service Unavailable", "failing\n", head.KeepAlive, cancellationToken);
                return;
            case "/healthz":
                await RespondAsync(connection, 200, "OK", "ok\n", head.KeepAlive, cancellationToken);
                return;
            case "/stream":
                await StreamAsync(connection, head, cancellationToken);
                return;
            case "/slow":
                var delay = Math.Min(head.QueryNumber("ms", 1000), MaxSlowMilliseconds);
                await Task.Delay(TimeSpan.FromMilliseconds(delay), state.Time, cancellationToken);
                break;
        }

        var answer = JsonSerializer.Serialize(new
        {
            pod = state.Identity.Pod,
            node = state.Identity.Node,
            client = PlainEndPoint(connection.RemoteEndPoint),
            local = PlainEndPoint(connection.LocalEndPoint),
            requests = state.CountRequest(connection.RemoteEndPoint),
        }, JsonSerializerOptions.Web);
        await RespondAsync(connection, 200, "OK", answer + "\n", head.KeepAlive, cancellationToken);
    }

    private async Task StreamAsync(Socket connection, HttpRequestHead head, CancellationToken cancellationToken)
    {
        state.CountRequest(connection.RemoteEndPoint);
        var total = head.QueryNumber("bytes", 1_000_000);
        var rate = head.QueryNumber("rate", 0);
        await SendHeadAsync(connection, 200, "OK", total, head.KeepAlive, cancellationToken);
        var chunk = new byte[ChunkSize];
        Array.Fill(chunk, (byte)'.');
        var started = state.Time.GetTimestamp();
        for (long sent = 0; sent < total;)
        {
            var allowed = rate == 0
                ? total
                : (long)(rate * (state.Time.GetElapsedTime(started) + StreamTick).TotalSeconds);
            var length = (int)Math.Min(Math.Min(chunk.Length, total - sent), allowed - sent);
            if (length <= 0)
            {
                await Task.Delay(StreamTick, state.Time, cancellationToken);
                continue;
            }

            await SendAsync(connection, chunk.AsMemory(0, length), cancellationToken);
            sent += length;
        }
    }

    private async Task RespondAsync(
        Socket connection, int status, string reason, string body, bool keepAlive, CancellationToken cancellationToken)
    {
        var bytes = Encoding.UTF8.GetBytes(Head(status, reason, body.Length, keepAlive) + body);
        await SendAsync(connection, bytes, cancellationToken);
    }

    private Task SendHeadAsync(
        Socket connection, int status, string reason, long length, bool keepAlive, CancellationToken cancellationToken) =>
        SendAsync(connection, Encoding.UTF8.GetBytes(Head(status, reason, length, keepAlive)), cancellationToken);

    private string Head(int status, string reason, long length, bool keepAlive) =>
        $"""
        HTTP/1.1 {status} {reason}
        Content-Type: {(length > 1 && status == 200 ? "application/json" : "text/plain")}
        Content-Length: {length}
        X-Pod: {state.Identity.Pod}
        X-Node: {state.Identity.Node}
        Connection: {(keepAlive ? "keep-alive" : "close")}


        """.ReplaceLineEndings("\r\n");

    private static async Task SendAsync(Socket connection, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await connection.SendAsync(bytes, cancellationToken)..];
        }
    }

    internal static string PlainEndPoint(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port).ToString()
        : endPoint?.ToString() ?? "";
}
