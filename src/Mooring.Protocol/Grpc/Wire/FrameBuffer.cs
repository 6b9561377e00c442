using System.Buffers;
using System.Buffers.Binary;

namespace Grpc.Core.Wire;

/// <summary>
/// One outgoing length-prefixed message: a compressed flag that is always 0, the length as four bytes, the message
/// (grpc/grpc, doc/PROTOCOL-HTTP2.md). Disposing gives the memory back.
/// </summary>
internal sealed class FrameBuffer : SerializationContext, IBufferWriter<byte>, IDisposable
{
    public const int HeaderLength = 5;

    private readonly int _maxMessageSize;
    private byte[] _rented = ArrayPool<byte>.Shared.Rent(256);
    private int _written = HeaderLength;
    private bool _complete;

    private FrameBuffer(int maxMessageSize)
    {
        _maxMessageSize = maxMessageSize;
    }

    /// <exception cref="RpcException">The message is larger than allowed (RESOURCE_EXHAUSTED).</exception>
    public static FrameBuffer Serialize<T>(T message, Marshaller<T> marshaller, int maxMessageSize)
    {
        var buffer = new FrameBuffer(maxMessageSize);
        try
        {
            marshaller.ContextualSerializer(message, buffer);
            if (!buffer._complete)
            {
                throw new InvalidOperationException("the marshaller returned without completing the message");
            }

            buffer._rented[0] = 0;
            BinaryPrimitives.WriteUInt32BigEndian(
                buffer._rented.AsSpan(1), (uint)(buffer._written - HeaderLength + buffer.Rest.Length));
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>The frame up to <see cref="Rest"/>.</summary>
    public ReadOnlyMemory<byte> Start => _rented.AsMemory(0, _written);

    /// <summary>A payload that was handed over whole, which is not copied: many streams may be sending the same one.</summary>
    public ReadOnlyMemory<byte> Rest { get; private set; }

    public override void Complete(byte[] payload)
    {
        Check(payload.Length);
        Rest = payload;
        Complete();
    }

    public override void SetPayloadLength(int payloadLength)
    {
        Check(payloadLength);
        Reserve(payloadLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete() => _complete = true;

    public void Advance(int count)
    {
        _written += count;
        Check(_written - HeaderLength);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _rented.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        var rented = _rented;
        _rented = [];
        _written = 0;
        Rest = default;
        if (rented.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Reserve(int size)
    {
        if (_rented.Length - _written >= size)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_written + size, _rented.Length * 2));
        _rented.AsSpan(0, _written).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = larger;
    }

    private void Check(int payloadLength)
    {
        if (payloadLength > _maxMessageSize)
        {
            throw new RpcException(new Status(
                StatusCode.ResourceExhausted,
                $"Sending message of {payloadLength} bytes exceeds the maximum of {_maxMessageSize} bytes."));
        }
    }
}
