using System.IO.Pipelines;
using System.Net;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>One call: an HTTP/2 request whose body and response are read and written side by side.</summary>
internal sealed class GrpcCall<TRequest, TResponse> : IAsyncStreamReader<TResponse>, IDisposable
    where TRequest : class
    where TResponse : class
{
    private readonly GrpcChannel _channel;
    private readonly Method<TRequest, TResponse> _method;
    private readonly CallOptions _options;
    private readonly CancellationTokenSource _cancellation;
    private readonly CancellationTokenRegistration _callerCancelled;
    private readonly ITimer? _deadline;
    private readonly RequestStreamContent _content = new();
    private readonly TaskCompletionSource<Metadata> _headers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Status> _status = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan? _timeout;
    private HttpResponseMessage? _response;
    private FrameReader<TResponse>? _reader;
    private Task? _started;
    private Metadata _trailers = [];
    private TResponse? _current;
    private bool _deadlineExceeded;

    public GrpcCall(GrpcChannel channel, Method<TRequest, TResponse> method, CallOptions options)
    {
        _channel = channel;
        _method = method;
        _options = options;
        _cancellation = new CancellationTokenSource();
        Token = _cancellation.Token;
        Requests = new RequestWriter<TRequest, TResponse>(
            this, method.RequestMarshaller, channel.Options.MaxSendMessageSize ?? int.MaxValue);
        _callerCancelled = options.CancellationToken.Register(
            static state => ((GrpcCall<TRequest, TResponse>)state!).Dispose(), this);
        if (options.Deadline is { } deadline && deadline != DateTime.MaxValue)
        {
            var left = deadline.ToUniversalTime() - channel.Options.TimeProvider.GetUtcNow().UtcDateTime;
            _timeout = left < TimeSpan.Zero ? TimeSpan.Zero : left > TimeoutHeader.Longest ? TimeoutHeader.Longest : left;
            if (_timeout == TimeSpan.Zero)
            {
                ExceedDeadline();
                return;
            }

            _deadline = channel.Options.TimeProvider.CreateTimer(
                static state => ((GrpcCall<TRequest, TResponse>)state!).ExceedDeadline(),
                this, _timeout.Value, Timeout.InfiniteTimeSpan);
        }
    }

    public RequestWriter<TRequest, TResponse> Requests { get; }

    public CancellationToken Token { get; }

    public Task<Stream> Body => _content.Stream;

    public Task<Metadata> ResponseHeaders => _headers.Task;

    public TResponse Current => _current ?? throw new InvalidOperationException("No message has been read.");

    public void Start() => _started = StartAsync();

    public void CompleteRequests() => _content.Complete();

    public async Task<TResponse> UnaryAsync(TRequest request)
    {
        Start();
        try
        {
            await Requests.WriteAsync(request, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RpcException exception) when (exception.StatusCode != StatusCode.ResourceExhausted)
        {
            // The server may have answered before it read the request: its status is the better answer.
        }

        CompleteRequests();
        try
        {
            if (!await MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                throw new RpcException(End(new Status(StatusCode.Internal, "Unary call ended with OK but without a response.")), _trailers);
            }

            var response = Current;
            if (await MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                throw new RpcException(End(new Status(StatusCode.Internal, "Unary call got more than one response.")), _trailers);
            }

            return response;
        }
        finally
        {
            Dispose();
        }
    }

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        try
        {
            await _started!.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (_status.Task.IsCompletedSuccessfully)
            {
                return EndOfStream();
            }

            _current = await _reader!.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (_current is not null)
            {
                return true;
            }

            ReadTrailers(_response!.TrailingHeaders);
            return EndOfStream();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !Token.IsCancellationRequested)
        {
            Dispose();
            throw new RpcException(GetStatus());
        }
        catch (RpcException exception)
        {
            // A message we refuse, or the status the call ended with.
            End(exception.Status);
            throw;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            throw new RpcException(End(FailureStatus.From(exception)), _trailers);
        }
    }

    public Status GetStatus() => _status.Task.IsCompletedSuccessfully
        ? _status.Task.GetAwaiter().GetResult()
        : throw new InvalidOperationException("Status can only be accessed once the call has finished.");

    public Metadata GetTrailers() => _status.Task.IsCompletedSuccessfully
        ? _trailers
        : throw new InvalidOperationException("Trailers can only be accessed once the call has finished.");

    public void Dispose() => End(Status.DefaultCancelled with { Detail = "Call canceled by the client." });

    /// <summary>
    /// What a failed write says: the status of the call. A server that answered early resets our half of the stream
    /// before we have read its status, so the reader gets a moment to see it.
    /// </summary>
    public async Task<RpcException> FailureOfWriteAsync(Exception exception)
    {
        try
        {
            var status = await _status.Task.WaitAsync(TimeSpan.FromMilliseconds(250), _channel.Options.TimeProvider).ConfigureAwait(false);
            return new RpcException(status, _trailers);
        }
        catch (TimeoutException)
        {
            return new RpcException(FailureStatus.From(exception));
        }
    }

    private async Task StartAsync()
    {
        try
        {
            using var request = CreateRequest();
            _response = await _channel.Invoker.SendAsync(request, Token).ConfigureAwait(false);
            if (FailureStatus.FromResponse(_response) is { } failure)
            {
                End(failure);
                return;
            }

            var headers = new Metadata();
            foreach (var header in _response.Headers)
            {
                foreach (var value in header.Value)
                {
                    MetadataHeaders.Add(headers, header.Key, value);
                }
            }

            _headers.TrySetResult(headers);
            if (_response.Headers.Contains(ProtocolNames.Status))
            {
                ReadTrailers(_response.Headers);
                return;
            }

            var body = await _response.Content.ReadAsStreamAsync(Token).ConfigureAwait(false);
            _reader = new FrameReader<TResponse>(
                PipeReader.Create(body), _method.ResponseMarshaller, _channel.Options.MaxReceiveMessageSize ?? int.MaxValue);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            End(FailureStatus.From(exception));
        }
        finally
        {
            if (_status.Task.IsCompleted)
            {
                // Ended while the response was on its way, when there was nothing to dispose yet.
                _response?.Dispose();
            }
        }
    }

    private HttpRequestMessage CreateRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_channel.Address, _method.FullName))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _content,
        };
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("User-Agent", "grpc-dotnet-mooring/1");
        request.Headers.TryAddWithoutValidation(ProtocolNames.AcceptEncoding, ProtocolNames.Identity);
        if (_timeout is { } timeout)
        {
            request.Headers.TryAddWithoutValidation(TimeoutHeader.Name, TimeoutHeader.Encode(timeout));
        }

        foreach (var entry in _options.Headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(entry.Key, MetadataHeaders.ToHeaderValue(entry));
        }

        return request;
    }

    private void ReadTrailers(System.Net.Http.Headers.HttpResponseHeaders trailers)
    {
        foreach (var header in trailers)
        {
            foreach (var value in header.Value)
            {
                MetadataHeaders.Add(_trailers, header.Key, value);
            }
        }

        End(FailureStatus.FromTrailers(trailers));
    }

    private bool EndOfStream()
    {
        var status = GetStatus();
        return status.StatusCode == StatusCode.OK ? false : throw new RpcException(status, _trailers);
    }

    private void ExceedDeadline()
    {
        _deadlineExceeded = true;
        End(new Status(StatusCode.DeadlineExceeded, "Deadline exceeded."));
    }

    /// <summary>Ends the call with the first status given, and returns that one.</summary>
    private Status End(Status status)
    {
        if (_deadlineExceeded && status.StatusCode == StatusCode.Cancelled)
        {
            status = new Status(StatusCode.DeadlineExceeded, "Deadline exceeded.");
        }

        if (_status.TrySetResult(status))
        {
            _callerCancelled.Unregister();
            _deadline?.Dispose();
            _headers.TrySetException(new RpcException(status, _trailers));
            _ = _headers.Task.Exception;

            // Resets the stream unless the server has ended it; frees whoever still writes or reads.
            _cancellation.Cancel();
            _content.Fail(new RpcException(status, _trailers));
            _response?.Dispose();
        }

        return GetStatus();
    }
}
