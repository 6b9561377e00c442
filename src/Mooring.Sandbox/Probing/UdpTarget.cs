using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Sandbox.Probing;

/// <summary>Sends a datagram from a new port and waits for the echo.</summary>
internal sealed class UdpTarget(IPEndPoint endPoint, Func<Socket> createSocket) : IProbeTarget
{
    private static readonly byte[] Payload = "ping"u8.ToArray();

    public async Task<string> AskAsync(Action<int>? begun, CancellationToken cancellationToken)
    {
        using var socket = IProbeTarget.Bind(createSocket(), begun);
        await socket.ConnectAsync(endPoint, cancellationToken);
        await socket.SendAsync(Payload, cancellationToken);
        var buffer = new byte[512];
        var read = await socket.ReceiveAsync(buffer, cancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, read).Split(' ')[0];
    }
}
