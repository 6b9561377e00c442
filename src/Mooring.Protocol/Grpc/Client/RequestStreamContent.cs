using System.Net;
using System.Net.Http.Headers;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>
/// A request body that stays open while the caller writes messages: the handler gives the stream, writers use it, and
/// the body ends when it is completed.
/// </summary>
internal sealed class RequestStreamContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestStreamContent()
    {
        Headers.ContentType = new MediaTypeHeaderValue(ProtocolNames.ContentType);
    }

    /// <summary>The body, once the request has a connection.</summary>
    public Task<Stream> Stream => _stream.Task;

    public void Complete() => _complete.TrySetResult();

    public void Fail(Exception exception)
    {
        if (_stream.TrySetException(exception))
        {
            // A call that is only read from never awaits it; the reader reports the failure.
            _ = _stream.Task.Exception;
        }

        _complete.TrySetResult();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // The request headers wait for the first bytes of the body; a caller may read before it writes.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        _stream.TrySetResult(stream);
        await _complete.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}
