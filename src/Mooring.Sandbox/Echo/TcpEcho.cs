using System.Net.Sockets;
using System.Text;

namespace Mooring.Sandbox.Echo;

/// <summary>Greets with the pod's name and the client's address, then sends back whatever comes.</summary>
internal sealed class TcpEcho(EchoState state)
{
    private const int BufferSize = 16 * 1024;

    public async Task ServeAsync(Socket connection, CancellationToken cancellationToken)
    {
        await state.WaitWhileHangingAsync(cancellationToken);
        state.CountRequest(connection.RemoteEndPoint);
        var greeting = $"{state.Identity.Pod} {HttpEcho.PlainEndPoint(connection.RemoteEndPoint)}\n";
        await connection.SendAsync(Encoding.ASCII.GetBytes(greeting), cancellationToken);
        var buffer = new byte[BufferSize];
        int read;
        while ((read = await connection.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            for (var sent = 0; sent < read;)
            {
                sent += await connection.SendAsync(buffer.AsMemory(sent, read - sent), cancellationToken);
            }
        }

        connection.Shutdown(SocketShutdown.Send);
    }
}
