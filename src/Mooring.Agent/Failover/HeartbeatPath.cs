using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;
using Mooring.Linux.Processes;

namespace Mooring.Agent.Failover;

/// <summary>One interface address heartbeats leave from and come in at, with a thread that reads its socket.</summary>
internal sealed class HeartbeatPath : IDisposable
{
    /// <summary>Longer than any heartbeat, so that one that is too long is seen as such.</summary>
    private const int BufferLength = 2048;

    private static readonly TimeSpan RetryReceive = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly Action<byte[], int> _received;
    private readonly FailoverMetrics _metrics;
    private readonly ManualResetEventSlim _closed = new(initialState: false);

    public HeartbeatPath(
        string interfaceName,
        InterfaceAddress own,
        Socket socket,
        Action<byte[], int> received,
        FailoverMetrics metrics)
    {
        InterfaceName = interfaceName;
        Own = own;
        _socket = socket;
        _received = received;
        _metrics = metrics;
        var thread = new Thread(Receive)
        {
            IsBackground = true,
            Name = $"heartbeat-{interfaceName}",
        };
        thread.Start();
    }

    public string InterfaceName { get; }

    public InterfaceAddress Own { get; }

    /// <summary>What the interface is to virtual addresses; its paths have it in common.</summary>
    public required HeartbeatHome Home { get; set; }

    /// <summary>Some virtual address is on a subnet of this path's interface.</summary>
    public bool Announces => Home.Announces;

    public bool IsHomeOf(IPAddress address) => Home.Contains(address);

    /// <exception cref="SocketException">The kernel refused the packet.</exception>
    public void Send(ReadOnlySpan<byte> packet, SocketAddress to) => _socket.SendTo(packet, SocketFlags.None, to);

    /// <summary>Ends the thread, which may deliver one more packet.</summary>
    public void Dispose()
    {
        _closed.Set();
        _socket.Dispose();
    }

    private void Receive()
    {
        RealTimeThread.TryEnter(); // the failover thread says so when this is refused
        while (!_closed.IsSet)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            try
            {
                var length = _socket.Receive(buffer, 0, BufferLength, SocketFlags.None);
                _received(buffer, length);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                _metrics.Received(HeartbeatDecodeResult.TooLong);
            }
            catch (ObjectDisposedException)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return;
            }
            catch (SocketException)
            {
                // Closed by us, or the interface is going away (ENETDOWN), of which the next list of interfaces tells.
                ArrayPool<byte>.Shared.Return(buffer);
                _closed.Wait(RetryReceive);
            }
        }
    }
}
