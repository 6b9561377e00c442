using System.Net;
using System.Net.Sockets;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;
using Mooring.Linux.Processes;

namespace Mooring.Agent.Failover;

/// <summary>One interface address heartbeats leave from and come in at, with a thread that reads its socket.</summary>
internal sealed class HeartbeatPath : IDisposable
{
    private static readonly TimeSpan RetryReceive = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly Func<FailoverInput.Packet, FailoverInput.Packet> _received;
    private readonly FailoverMetrics _metrics;
    private readonly ManualResetEventSlim _closed = new(initialState: false);

    public HeartbeatPath(
        string interfaceName,
        InterfaceAddress own,
        Socket socket,
        Func<FailoverInput.Packet, FailoverInput.Packet> received,
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
        var packet = new FailoverInput.Packet();
        while (!_closed.IsSet)
        {
            try
            {
                packet.Length = _socket.Receive(packet.Buffer, SocketFlags.None);
                packet = _received(packet);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.MessageSize)
            {
                _metrics.Received(HeartbeatDecodeResult.TooLong);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Closed by us, or the interface is going away (ENETDOWN), of which the next list of interfaces tells.
                _closed.Wait(RetryReceive);
            }
        }
    }
}
