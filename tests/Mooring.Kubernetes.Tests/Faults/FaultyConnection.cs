using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>The two directions of one connection through the proxy.</summary>
internal sealed class FaultyConnection(
    FaultProxy proxy, Socket client, Socket server, ConnectionFaults faults, bool opaque)
{
    private volatile bool _losesAnswer;

    public async Task RequestsAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        var filled = 0;
        while (await client.ReceiveAsync(buffer.AsMemory(filled), cancellationToken) is > 0 and var read)
        {
            filled += read;
            while (filled > 0 && (opaque ? filled : RequestLength(buffer.AsSpan(0, filled))) is > 0 and var length)
            {
                await DelayAsync(cancellationToken);
                if (!opaque && await RefuseAsync(cancellationToken))
                {
                    // Answered in the server's place.
                }
                else
                {
                    await SendAsync(server, buffer.AsMemory(0, length), cancellationToken);
                }

                buffer.AsSpan(length, filled - length).CopyTo(buffer);
                filled -= length;
            }
        }
    }

    public async Task AnswersAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[faults.MaxChunk];
        var passed = 0L;
        while (await server.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
        {
            await DelayAsync(cancellationToken);
            if (_losesAnswer && !proxy.Calm)
            {
                proxy.Count("answer lost");
                FaultProxy.Reset(client);
                return;
            }

            var until = proxy.Calm ? read : (int)Math.Clamp(faults.EndsAfter - passed, 0, read);
            await SendAsync(client, buffer.AsMemory(0, until), cancellationToken);
            passed += until;
            if (until < read)
            {
                await EndAsync(cancellationToken);
                return;
            }
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        proxy.Count(faults.End.ToString().ToLowerInvariant());
        switch (faults.End)
        {
            case ConnectionEnd.Reset:
                FaultProxy.Reset(client);
                break;
            case ConnectionEnd.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                break;
            default:
                // The proxy closes what is left open.
                break;
        }
    }

    /// <returns>True when the request went no further.</returns>
    private async Task<bool> RefuseAsync(CancellationToken cancellationToken)
    {
        if (proxy.Calm || !faults.Draw(faults.RefusedRequests))
        {
            _losesAnswer = faults.Draw(faults.LostAnswers);
            return false;
        }

        var (status, more, body) = faults.Draw(6) switch
        {
            0 => ("429 Too Many Requests", "Retry-After: 0\r\n", Status(429, "TooManyRequests")),
            1 => ("429 Too Many Requests", "Retry-After: 1\r\n", Status(429, "TooManyRequests")),
            2 => ("500 Internal Server Error", "", Status(500, "InternalError")),
            3 => ("503 Service Unavailable", "", Status(503, "ServiceUnavailable")),
            4 => ("503 Service Unavailable", "Retry-After: 0\r\n", Status(503, "ServiceUnavailable")),
            _ => ("503 Service Unavailable", "", "<html><body>no backend</body></html>"),
        };
        proxy.Count(status[..3]);
        var type = body[0] == '<' ? "text/html" : "application/json";
        var answer = $"HTTP/1.1 {status}\r\nContent-Type: {type}\r\n{more}Content-Length: {body.Length}\r\n\r\n{body}";
        await SendAsync(client, Encoding.ASCII.GetBytes(answer), cancellationToken);
        return true;
    }

    private static string Status(int code, string reason) =>
        $$"""
        {"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"so it is scheduled"}
        """;

    private async Task DelayAsync(CancellationToken cancellationToken)
    {
        if (!proxy.Calm && faults.Draw(faults.Slowness))
        {
            proxy.Count("delayed");
            await Task.Delay(TimeSpan.FromMilliseconds(faults.Draw(40)), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Length of the first whole request, or 0.</summary>
    private static int RequestLength(ReadOnlySpan<byte> bytes)
    {
        var head = bytes.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return 0;
        }

        var length = head + 4 + ContentLength(Encoding.ASCII.GetString(bytes[..head]));
        return length <= bytes.Length ? length : 0;
    }

    private static int ContentLength(string head)
    {
        const string Name = "\r\nContent-Length:";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return 0;
        }

        var value = head.AsSpan(at + Name.Length);
        var end = value.IndexOf('\r');
        return int.Parse(end < 0 ? value : value[..end], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }

    private static async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, cancellationToken)..];
        }
    }
}
