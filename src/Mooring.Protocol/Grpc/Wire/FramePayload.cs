using System.Buffers;

namespace Grpc.Core.Wire;

/// <summary>The bytes of one received message, handed to its marshaller.</summary>
internal sealed class FramePayload(ReadOnlySequence<byte> payload) : DeserializationContext
{
    public override int PayloadLength => (int)payload.Length;

    public override byte[] PayloadAsNewBuffer() => payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => payload;
}
