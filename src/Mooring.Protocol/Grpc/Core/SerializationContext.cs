using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller writes one message.</summary>
public abstract class SerializationContext
{
    /// <summary>The whole message at once.</summary>
    public abstract void Complete(byte[] payload);

    /// <summary>Size in bytes of the message that is about to be written to the buffer.</summary>
    public abstract void SetPayloadLength(int payloadLength);

    public abstract IBufferWriter<byte> GetBufferWriter();

    /// <summary>The message has been written to the buffer.</summary>
    public abstract void Complete();
}
