using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>The client's half of a call.</summary>
internal sealed class RequestWriter<TRequest, TResponse>(
    GrpcCall<TRequest, TResponse> call, Marshaller<TRequest> marshaller, int maxMessageSize) : IClientStreamWriter<TRequest>
    where TRequest : class
    where TResponse : class
{
    private int _writing;
    private bool _completed;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        if (_completed)
        {
            throw new InvalidOperationException("Can't write the message because the request stream was completed.");
        }

        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            using var frame = FrameBuffer.Serialize(message, marshaller, maxMessageSize);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Token);
            var body = await call.Body.WaitAsync(linked.Token).ConfigureAwait(false);
            await body.WriteAsync(frame.Start, linked.Token).ConfigureAwait(false);
            if (!frame.Rest.IsEmpty)
            {
                await body.WriteAsync(frame.Rest, linked.Token).ConfigureAwait(false);
            }

            await body.FlushAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !call.Token.IsCancellationRequested)
        {
            // Part of the message may be on the wire: nothing can follow it.
            call.Dispose();
            throw;
        }
        catch (Exception exception) when (exception is not (RpcException or InvalidOperationException) || exception is ObjectDisposedException)
        {
            throw await call.FailureOfWriteAsync(exception).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        _completed = true;
        call.CompleteRequests();
        return Task.CompletedTask;
    }
}
