using Mooring.Core.Packets;
using Mooring.Linux.Namespaces;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>What arrives at one end of a cable, in order, and a way to send from there.</summary>
internal sealed class FrameCapture : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly PacketSocket _socket;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly List<byte[]> _frames = [];
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FrameCapture(NetworkNamespace inside, string device, EtherType type)
    {
        _socket = inside.Run(() => PacketSocket.Open(
            new LinkLayerEndPoint((ushort)type, SpeakerLab.IndexOf(inside, device))));
        _thread = new Thread(Run) { IsBackground = true, Name = "capture" };
        _thread.Start();
    }

    public IReadOnlyList<byte[]> Frames
    {
        get
        {
            lock (_gate)
            {
                return [.. _frames];
            }
        }
    }

    public IReadOnlyList<ArpPacket> Packets
        => [.. Frames.Where(frame => ArpPacket.TryReadFrame(frame, out _)).Select(frame =>
        {
            ArpPacket.TryReadFrame(frame, out var packet);
            return packet;
        })];

    /// <summary>The neighbour messages about an address, without what the kernels say among themselves.</summary>
    public IReadOnlyList<NeighborMessage> About(IPv6Address address)
        => [.. Frames.Where(frame => NeighborMessage.TryReadFrame(frame, out var message) && message.Target == address)
            .Select(frame =>
            {
                NeighborMessage.TryReadFrame(frame, out var message);
                return message;
            })];

    /// <summary>Waits until so many neighbour messages about the address have arrived, and returns all.</summary>
    public async Task<IReadOnlyList<NeighborMessage>> AboutAsync(IPv6Address address, int count)
    {
        for (var frames = Frames.Count; About(address).Count < count; frames++)
        {
            await FramesAsync(frames + 1);
        }

        return About(address);
    }

    public void Clear()
    {
        lock (_gate)
        {
            _frames.Clear();
        }
    }

    public void Forget(Predicate<ArpPacket> match)
    {
        lock (_gate)
        {
            _frames.RemoveAll(frame => ArpPacket.TryReadFrame(frame, out var packet) && match(packet));
        }
    }

    /// <summary>Waits until so many frames have arrived, and returns all as ARP.</summary>
    public async Task<IReadOnlyList<ArpPacket>> PacketsAsync(int count)
    {
        await FramesAsync(count);
        return Packets;
    }

    public async Task<IReadOnlyList<byte[]>> FramesAsync(int count)
    {
        while (true)
        {
            Task arrived;
            lock (_gate)
            {
                if (_frames.Count >= count)
                {
                    return [.. _frames];
                }

                arrived = _arrived.Task;
            }

            await arrived.WaitAsync(Limit, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public void Send(ReadOnlySpan<byte> frame) => _socket.Send(frame).ShouldBe(System.Net.Sockets.SocketError.Success);

    public void Send(ArpPacket packet, MacAddress? destination = null)
    {
        Span<byte> frame = stackalloc byte[ArpPacket.FrameLength];
        packet.WriteFrame(frame, destination ?? MacAddress.Broadcast);
        Send(frame);
    }

    public void Send(NeighborMessage message, MacAddress? destination = null)
    {
        Span<byte> frame = stackalloc byte[NeighborMessage.MaxFrameLength];
        Send(frame[..message.WriteFrame(frame, destination ?? SpeakerLab.OwnMac)]);
    }

    public void Dispose()
    {
        _socket.Close();
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        var buffer = new byte[16 * 1024];
        while (_socket.Receive(buffer, out var length) != ReceiveStatus.Closed)
        {
            TaskCompletionSource arrived;
            lock (_gate)
            {
                _frames.Add(buffer[..length]);
                arrived = _arrived;
                _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            arrived.TrySetResult();
        }
    }
}
