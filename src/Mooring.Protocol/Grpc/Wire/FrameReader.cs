using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;

namespace Grpc.Core.Wire;

/// <summary>
/// Takes length-prefixed messages off a pipe. A length above the limit is refused from the five header bytes alone,
/// so a peer makes us buffer at most one message of the allowed size.
/// </summary>
internal sealed class FrameReader<T>(PipeReader pipe, Marshaller<T> marshaller, int maxMessageSize)
    where T : class
{
    /// <returns>The next message, or null at the end of the stream.</returns>
    /// <exception cref="RpcException">The bytes are not a message we accept.</exception>
    public async ValueTask<T?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (TryParse(buffer, out var message, out var consumed))
            {
                pipe.AdvanceTo(consumed);
                return message;
            }

            if (result.IsCompleted)
            {
                pipe.AdvanceTo(buffer.End);
                return buffer.IsEmpty
                    ? null
                    : throw Refuse(StatusCode.Internal, $"Incomplete message: the stream ended after {buffer.Length} bytes of it.");
            }

            if (result.IsCanceled)
            {
                pipe.AdvanceTo(buffer.Start);
                throw new OperationCanceledException("The read was cancelled.");
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private bool TryParse(
        ReadOnlySequence<byte> buffer, [NotNullWhen(true)] out T? message, out SequencePosition consumed)
    {
        message = null;
        consumed = buffer.Start;
        if (buffer.IsEmpty)
        {
            return false;
        }

        var flag = buffer.FirstSpan[0];
        if (flag == 1)
        {
            throw Refuse(StatusCode.Unimplemented, "Compressed message received, but no compression was agreed: only identity is supported.");
        }

        if (flag != 0)
        {
            throw Refuse(StatusCode.Internal, $"Bad message frame: the compressed flag is {flag}, not 0 or 1.");
        }

        if (buffer.Length < FrameBuffer.HeaderLength)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[FrameBuffer.HeaderLength];
        buffer.Slice(0, FrameBuffer.HeaderLength).CopyTo(header);
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)maxMessageSize)
        {
            throw Refuse(
                StatusCode.ResourceExhausted,
                $"Received message of {length} bytes exceeds the maximum of {maxMessageSize} bytes.");
        }

        if (buffer.Length < FrameBuffer.HeaderLength + length)
        {
            return false;
        }

        var payload = buffer.Slice(FrameBuffer.HeaderLength, length);
        consumed = payload.End;
        message = Deserialize(payload);
        return true;
    }

    private T Deserialize(ReadOnlySequence<byte> payload)
    {
        try
        {
            return marshaller.ContextualDeserializer(new FramePayload(payload));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new RpcException(new Status(
                StatusCode.Internal,
                $"Message of {payload.Length} bytes is not a valid {typeof(T).Name}: {exception.Message}",
                exception));
        }
    }

    private static RpcException Refuse(StatusCode code, string detail) => new(new Status(code, detail));
}
