namespace Grpc.Core;

public interface IAsyncStreamWriter<in T>
{
    /// <summary>Sends one message; completes when it was handed to the connection. One write at a time.</summary>
    Task WriteAsync(T message);

    /// <inheritdoc cref="WriteAsync(T)"/>
    Task WriteAsync(T message, CancellationToken cancellationToken);
}
