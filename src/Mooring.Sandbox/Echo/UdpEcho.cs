using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Sandbox.Echo;

/// <summary>Answers each datagram with the pod's name, the sender's address and the payload.</summary>
internal sealed class UdpEcho : IAsyncDisposable
{
    private const int MaxDatagram = 65_507;

    private readonly EchoState _state;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    private UdpEcho(EchoState state, Socket socket)
    {
        _state = state;
        _socket = socket;
        _serving = ServeAsync();
    }

    /// <summary>Listens on every address of the network namespace that the calling thread is in.</summary>
    public static UdpEcho Listen(EchoState state, int port)
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.DualMode = true;
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            return new UdpEcho(state, socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        await Task.Yield();
        var buffer = new byte[MaxDatagram];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.IPv6Any, 0), _stop.Token);
                if (_state.Failure == PodFailure.Hang)
                {
                    continue;
                }

                _state.CountRequest(received.RemoteEndPoint);
                var head = $"{_state.Identity.Pod} {HttpEcho.PlainEndPoint(received.RemoteEndPoint)} ";
                byte[] answer = [.. Encoding.ASCII.GetBytes(head), .. buffer.AsSpan(0, received.ReceivedBytes)];
                await _socket.SendToAsync(answer, received.RemoteEndPoint, _stop.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // An ICMP error of an earlier answer, or an answer that grew too long: UDP promises nothing.
            }
        }
    }
}
