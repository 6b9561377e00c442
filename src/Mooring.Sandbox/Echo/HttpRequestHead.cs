using System.Globalization;
using System.Text;

namespace Mooring.Sandbox.Echo;

/// <summary>The parts of an HTTP/1.1 request head that the echo program looks at.</summary>
internal sealed record HttpRequestHead(string Method, string Path, string Query, long ContentLength, bool KeepAlive)
{
    public const int MaxLength = 16 * 1024;

    private static ReadOnlySpan<byte> End => "\r\n\r\n"u8;

    /// <summary>Length of the head at the start of <paramref name="received"/>, its blank line included, or -1.</summary>
    public static int FindEnd(ReadOnlySpan<byte> received)
    {
        var at = received.IndexOf(End);
        return at < 0 ? -1 : at + End.Length;
    }

    /// <returns>Null when the bytes are no HTTP/1 request.</returns>
    public static HttpRequestHead? Parse(ReadOnlySpan<byte> head)
    {
        var lines = Encoding.Latin1.GetString(head).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var request = lines.Length == 0 ? [] : lines[0].Split(' ');
        if (request.Length != 3 || !request[2].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return null;
        }

        var target = request[1].Split('?', 2);
        long length = 0;
        var keepAlive = request[2] == "HTTP/1.1";
        foreach (var line in lines.Skip(1))
        {
            var (name, value) = line.IndexOf(':') is var colon and > 0
                ? (line[..colon], line[(colon + 1)..].Trim())
                : (line, "");
            if (name.Equals("content-length", StringComparison.OrdinalIgnoreCase)
                && !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out length))
            {
                return null;
            }

            if (name.Equals("connection", StringComparison.OrdinalIgnoreCase))
            {
                keepAlive = !value.Equals("close", StringComparison.OrdinalIgnoreCase)
                    && (keepAlive || value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase));
            }
        }

        return new HttpRequestHead(request[0], target[0], target.Length > 1 ? target[1] : "", length, keepAlive);
    }

    /// <summary>A number from the query, as in <c>?bytes=1000</c>.</summary>
    public long QueryNumber(string name, long fallback)
    {
        foreach (var pair in Query.Split('&'))
        {
            if (pair.StartsWith(name + "=", StringComparison.Ordinal)
                && long.TryParse(
                    pair.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return number;
            }
        }

        return fallback;
    }
}
