using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

/// <summary>One call on the server: its context, its stream of requests and its stream of responses.</summary>
internal sealed partial class HttpServerCall<TRequest, TResponse>(
    HttpContext httpContext,
    Method<TRequest, TResponse> method,
    GrpcServiceOptions options,
    TimeProvider timeProvider,
    ILogger logger) : ServerCallContext, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>
    where TRequest : class
    where TResponse : class
{
    private const int PieceBytes = 64 * 1024;

    private readonly FrameReader<TRequest> _reader = new(
        httpContext.Request.BodyReader, method.RequestMarshaller, options.MaxReceiveMessageSize ?? int.MaxValue);

    private readonly CancellationTokenSource _cancellation =
        CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted);

    private readonly SemaphoreSlim _response = new(1, 1);
    private DateTime _deadline = DateTime.MaxValue;
    private Metadata? _requestHeaders;
    private TRequest? _current;
    private int _writing;
    private bool _ended;
    private volatile bool _deadlineExceeded;

    public HttpContext HttpContext => httpContext;

    public TRequest Current => _current ?? throw new InvalidOperationException("No message has been read.");

    protected override string MethodCore => method.FullName;

    protected override string HostCore => httpContext.Request.Host.Value ?? "";

    protected override string PeerCore => httpContext.Connection.RemoteIpAddress switch
    {
        null => "unknown",
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } address => $"ipv6:[{address}]:{httpContext.Connection.RemotePort}",
        var address => $"ipv4:{address.MapToIPv4()}:{httpContext.Connection.RemotePort}",
    };

    protected override DateTime DeadlineCore => _deadline;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= ReadHeaders();

    protected override CancellationToken CancellationTokenCore => _cancellation.Token;

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    public async Task RunAsync(Func<HttpServerCall<TRequest, TResponse>, Task> handler)
    {
        if (!RequestCheck.Accept(httpContext))
        {
            return;
        }

        httpContext.Response.ContentType = ProtocolNames.ContentType;
        httpContext.Response.Headers[ProtocolNames.AcceptEncoding] = ProtocolNames.Identity;

        // A stream of a control plane is quiet for hours; slow senders are bounded by the message size instead.
        if (httpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } dataRate)
        {
            dataRate.MinDataRate = null;
        }

        if (httpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bodySize)
        {
            bodySize.MaxRequestBodySize = null;
        }

        using (_cancellation)
        {
            if (Refuse(out var timeout) is { } refused)
            {
                await EndAsync(refused).ConfigureAwait(false);
                return;
            }

            var running = RunHandlerAsync(handler);
            if (timeout is { } limit)
            {
                await Task.WhenAny(running, ExceedDeadlineAsync(limit, running)).ConfigureAwait(false);
            }

            await EndAsync(await running.ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    public async Task<TRequest> ReadSingleAsync()
    {
        var request = await MoveNext(CancellationToken.None).ConfigureAwait(false)
            ? Current
            : throw new RpcException(new Status(StatusCode.Internal, "Incomplete message: the request has none."));
        return await MoveNext(CancellationToken.None).ConfigureAwait(false)
            ? throw new RpcException(new Status(StatusCode.Internal, "Additional data after the message received."))
            : request;
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        using var linked = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancellation.Token)
            : null;
        try
        {
            _current = await _reader.ReadAsync(linked?.Token ?? _cancellation.Token).ConfigureAwait(false);
            return _current is not null;
        }
        catch (IOException exception)
        {
            await _cancellation.CancelAsync().ConfigureAwait(false);
            throw new OperationCanceledException("The client reset the request stream.", exception);
        }
    }

    public Task WriteAsync(TResponse message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _writing, 1) == 1)
        {
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        }

        try
        {
            using var frame = FrameBuffer.Serialize(message, method.ResponseMarshaller, options.MaxSendMessageSize ?? int.MaxValue);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancellation.Token);
            await _response.WaitAsync(linked.Token).ConfigureAwait(false);
            try
            {
                if (_ended)
                {
                    throw new InvalidOperationException("Can't write the message because the request is complete.");
                }

                if (frame.Start.Length <= PieceBytes && !frame.Rest.IsEmpty)
                {
                    // Goes out with what follows.
                    httpContext.Response.BodyWriter.Write(frame.Start.Span);
                }
                else
                {
                    await WriteInPiecesAsync(frame.Start, linked.Token).ConfigureAwait(false);
                }

                await WriteInPiecesAsync(frame.Rest, linked.Token).ConfigureAwait(false);
            }
            finally
            {
                _response.Release();
            }
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    /// <summary>The server copies what it is given, and would hold a large message a second time.</summary>
    private async Task WriteInPiecesAsync(ReadOnlyMemory<byte> rest, CancellationToken cancellationToken)
    {
        for (; !rest.IsEmpty; rest = rest[Math.Min(PieceBytes, rest.Length)..])
        {
            var piece = rest[..Math.Min(PieceBytes, rest.Length)];
            await httpContext.Response.BodyWriter.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (httpContext.Response.HasStarted)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        foreach (var entry in responseHeaders)
        {
            httpContext.Response.Headers.Append(entry.Key, MetadataHeaders.ToHeaderValue(entry));
        }

        await httpContext.Response.BodyWriter.FlushAsync(_cancellation.Token).ConfigureAwait(false);
    }

    private Status? Refuse(out TimeSpan? timeout)
    {
        timeout = null;
        var headers = httpContext.Request.Headers;
        if (headers[ProtocolNames.Encoding] is { Count: > 0 } encoding && encoding != ProtocolNames.Identity)
        {
            return new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: identity");
        }

        if (headers[TimeoutHeader.Name] is not { Count: > 0 } text)
        {
            return null;
        }

        if (!TimeoutHeader.TryDecode(text.ToString(), out var parsed))
        {
            return new Status(StatusCode.Internal, $"Bad grpc-timeout value '{text}': up to 8 digits and one of H, M, S, m, u, n.");
        }

        timeout = parsed;
        _deadline = timeProvider.GetUtcNow().UtcDateTime + parsed;
        return parsed > TimeSpan.Zero ? null : DeadlineStatus;
    }

    private static Status DeadlineStatus => new(StatusCode.DeadlineExceeded, "Deadline Exceeded");

    private async Task<Status> RunHandlerAsync(Func<HttpServerCall<TRequest, TResponse>, Task> handler)
    {
        try
        {
            await handler(this).ConfigureAwait(false);
            return Status;
        }
        catch (RpcException exception)
        {
            foreach (var entry in exception.Trailers)
            {
                ResponseTrailers.Add(entry);
            }

            Log.Ended(logger, method.FullName, exception.StatusCode, exception.Status.Detail);
            return exception.Status;
        }
        catch (Exception exception) when (_cancellation.IsCancellationRequested || exception is OperationCanceledException)
        {
            return _deadlineExceeded ? DeadlineStatus : new Status(StatusCode.Cancelled, "The call was cancelled.");
        }
        catch (Exception exception)
        {
            Log.Failed(logger, method.FullName, exception);
            var detail = options.EnableDetailedErrors == true
                ? $"Exception was thrown by handler. {exception.GetType().Name}: {exception.Message}"
                : "Exception was thrown by handler.";
            return new Status(StatusCode.Unknown, detail);
        }
    }

    private async Task ExceedDeadlineAsync(TimeSpan limit, Task running)
    {
        try
        {
            await running.WaitAsync(limit, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The client gets its answer now, however long the service takes to notice.
            _deadlineExceeded = true;
            await _cancellation.CancelAsync().ConfigureAwait(false);
            await EndAsync(DeadlineStatus).ConfigureAwait(false);
        }
    }

    /// <summary>Sends the status, once. Runs to the end also when the call was cancelled.</summary>
    private async Task EndAsync(Status status)
    {
        await _response.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            if (!httpContext.RequestAborted.IsCancellationRequested)
            {
                ResponseTrailer.Append(httpContext.Response, status, ResponseTrailers);
                await httpContext.Response.CompleteAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _response.Release();
        }
    }

    private Metadata ReadHeaders()
    {
        var metadata = new Metadata();
        foreach (var (name, values) in httpContext.Request.Headers)
        {
            foreach (var value in values)
            {
                MetadataHeaders.Add(metadata, name, value ?? "");
            }
        }

        return metadata;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "Call of {Method} ended with {Code}: {Detail}")]
        public static partial void Ended(ILogger logger, string method, StatusCode code, string detail);

        [LoggerMessage(2, LogLevel.Error, "{Method} failed")]
        public static partial void Failed(ILogger logger, string method, Exception exception);
    }
}
