using System.Collections.Immutable;
using System.Net.Sockets;
using Mooring.Linux;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Speaker;

/// <summary>
/// A packet socket and the thread that reads it. A thread of its own, as an answer may wait neither for the thread pool
/// nor for another interface or protocol.
/// </summary>
internal sealed class ReceiveLoop : IDisposable
{
    /// <summary>Bytes; larger than a jumbo frame. Longer ones are reported as malformed.</summary>
    private const int BufferLength = 16 * 1024;

    private readonly PacketSocket _socket;
    private readonly FrameHandler _received;
    private readonly Action _malformed;
    private readonly Action<Exception> _faulted;
    private readonly Thread _thread;

    /// <param name="name">Of the thread.</param>
    /// <param name="socket">Owned by the loop from here on.</param>
    /// <param name="received">Called on the thread with a frame, and with room for an answer as long.</param>
    /// <param name="malformed">Called on the thread for a frame that does not fit.</param>
    /// <param name="faulted">Called on the thread when the socket failed; the thread then ends.</param>
    public ReceiveLoop(
        string name, PacketSocket socket, FrameHandler received, Action malformed, Action<Exception> faulted)
    {
        _socket = socket;
        _received = received;
        _malformed = malformed;
        _faulted = faulted;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    public delegate void FrameHandler(ReadOnlySpan<byte> frame, Span<byte> answer);

    public void Start() => _thread.Start();

    public void SetFilter(ImmutableArray<FilterInstruction> filter) => _socket.SetFilter(filter);

    public SocketError Send(ReadOnlySpan<byte> frame) => _socket.Send(frame);

    /// <summary>Ends the thread and waits for it. Not to be called on it.</summary>
    public void Dispose()
    {
        _socket.Close();
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted) is false)
        {
            _thread.Join();
        }

        _socket.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[BufferLength];
        var answer = new byte[BufferLength];
        try
        {
            while (true)
            {
                switch (_socket.Receive(buffer, out var length))
                {
                    case ReceiveStatus.Frame:
                        _received(buffer.AsSpan(0, length), answer);
                        break;
                    case ReceiveStatus.Truncated:
                        _malformed();
                        break;
                    default:
                        return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            _faulted(exception);
        }
    }
}
