using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Sandbox.Probing;

/// <summary>Connects and waits for the echo program's greeting.</summary>
internal sealed class TcpTarget(IPEndPoint endPoint, Func<Socket> createSocket) : IProbeTarget
{
    public async Task<string> AskAsync(Action<int>? begun, CancellationToken cancellationToken)
    {
        using var socket = IProbeTarget.Bind(createSocket(), begun);
        await socket.ConnectAsync(endPoint, cancellationToken);
        var buffer = new byte[512];
        var read = await socket.ReceiveAsync(buffer, cancellationToken);
        return read == 0
            ? throw new ProbeFailedException("cut short")
            : Encoding.ASCII.GetString(buffer, 0, read).Split(' ')[0];
    }
}
