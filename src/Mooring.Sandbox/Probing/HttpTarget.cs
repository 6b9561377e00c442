using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Sandbox.Probing;

/// <summary>Asks by <c>GET</c>; only status 200 with a whole body is a good answer.</summary>
internal sealed class HttpTarget(IPEndPoint endPoint, string pathAndQuery, Func<Socket> createSocket) : IProbeTarget
{
    private const int MaxAnswer = 64 * 1024;
    private const string PodHeader = "\r\nX-Pod: ";

    private readonly byte[] _request = Encoding.ASCII.GetBytes(
        $"GET {pathAndQuery} HTTP/1.1\r\nHost: {endPoint}\r\nConnection: close\r\n\r\n");

    public async Task<string> AskAsync(Action<int>? begun, CancellationToken cancellationToken)
    {
        using var socket = IProbeTarget.Bind(createSocket(), begun);
        socket.NoDelay = true;
        await socket.ConnectAsync(endPoint, cancellationToken);
        await socket.SendAsync(_request, cancellationToken);
        var buffer = new byte[4096];
        var answer = new StringBuilder();
        int read;
        while ((read = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            if (answer.Length > MaxAnswer)
            {
                throw new ProbeFailedException("too long");
            }
        }

        return Judge(answer.ToString());
    }

    /// <returns>Name of the pod, from its header.</returns>
    internal static string Judge(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            throw new ProbeFailedException("cut short");
        }

        var status = answer.Split(' ', 3) is [_, var code, ..] ? code : "";
        if (status != "200")
        {
            throw new ProbeFailedException($"status {status}");
        }

        var head = answer[..(end + 2)];
        if (Header(head, "\r\nContent-Length: ") is { Length: > 0 } length
            && length != (answer.Length - end - 4).ToString())
        {
            throw new ProbeFailedException("cut short");
        }

        return Header(head, PodHeader);
    }

    private static string Header(string head, string name)
    {
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? "" : head[(at + name.Length)..head.IndexOf("\r\n", at + 2, StringComparison.Ordinal)];
    }
}
