using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using k8s;
using Microsoft.Extensions.Logging;

namespace Mooring.Kubernetes.Client;

/// <summary>
/// Sends requests: credentials, deadline, client-side rate, and further attempts. 429 is tried again always, because
/// the server says it did nothing; 5xx of a read always, of a write only with Retry-After, which says the same
/// (client-go's rule); a read whose answer was cut, again.
/// </summary>
internal sealed partial class ApiTransport(
    k8s.KubernetesClientConfiguration configuration,
    KubernetesClientOptions options,
    HttpMessageHandler handler,
    TimeProvider time,
    ILogger logger,
    KubernetesMetrics? metrics) : IDisposable
{
    /// <summary>Such as "mooring-controller/0.1.0"; up to the slash, the server takes it for the field manager.</summary>
    private static readonly string Agent =
        (Assembly.GetEntryAssembly()?.GetName().Name ?? "mooring").ToLowerInvariant().Replace('.', '-')
        + $"/{typeof(ApiTransport).Assembly.GetName().Version?.ToString(3)}";

    private readonly HttpClient _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Uri _root = new(configuration.Host.AbsoluteUri.TrimEnd('/') + "/");
    private readonly ConnectionFault _connection = new(configuration, time);
    private readonly TokenBucket? _rate =
        options.QueriesPerSecond > 0 ? new TokenBucket(options.QueriesPerSecond, options.Burst, time) : null;

    public void Dispose() => _http.Dispose();

    /// <summary>Sends and parses the answer.</summary>
    public Task<T> CallAsync<T>(ApiRequest request, CancellationToken cancellationToken) =>
        SendAsync(request, ReadAsync<T>, cancellationToken);

    /// <summary>Sends and returns as soon as the answer has started.</summary>
    public Task<HttpResponseMessage> OpenAsync(ApiRequest request, CancellationToken cancellationToken) =>
        SendAsync(request, (_, response, _) => Task.FromResult(response), cancellationToken);

    private async Task<T> SendAsync<T>(
        ApiRequest request,
        Func<ApiRequest, HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        var refreshed = false;
        for (var attempt = 0; ; attempt++)
        {
            if (_rate?.Reserve() is { } wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellationToken);
            }

            Exception fault;
            try
            {
                return await AttemptAsync(request, read, cancellationToken);
            }
            catch (KubernetesException e) when (
                e.StatusCode == HttpStatusCode.Unauthorized && !refreshed && configuration.TokenProvider is not null)
            {
                refreshed = true;
                configuration.TokenProvider.Invalidate();
                continue;
            }
            catch (KubernetesException e) when (MayRetry(request, e, attempt))
            {
                fault = e;
            }
            catch (HttpRequestException e) when (
                request.IsSafe
                && e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError
                && attempt < options.MaxRetries)
            {
                fault = e;
            }

            var delay = Delay(attempt, (fault as KubernetesException)?.RetryAfter);
            metrics?.RequestRetried(request.Verb);
            Log.Retrying(logger, request, delay, fault.Message);
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    private async Task<T> AttemptAsync<T>(
        ApiRequest request,
        Func<ApiRequest, HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        HttpResponseMessage? response = null;
        try
        {
            using var message = await MessageAsync(request, either.Token);
            var started = time.GetTimestamp();
            response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            metrics?.RequestAnswered(request.Verb, (int)response.StatusCode, time.GetElapsedTime(started));
            if (!response.IsSuccessStatusCode)
            {
                var refusal = await ErrorAnswer.ReadAsync(response, request, time, either.Token);
                throw refusal.StatusCode == HttpStatusCode.Unauthorized ? _connection.Explain(refusal) : refusal;
            }

            if (!ErrorAnswer.IsJson(response))
            {
                throw await ErrorAnswer.NotJsonAsync(response, request, either.Token);
            }

            var result = await read(request, response, either.Token);
            response = ReferenceEquals(result, response) ? null : response;
            return result;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw deadline.IsCancellationRequested
                ? _connection.TimedOut(request, options.RequestTimeout, e)
                : _connection.NotReached(request, e);
        }
        catch (SocketException e)
        {
            // .NET lets this one through when a connection is reset at the very moment it is made.
            throw _connection.Explain(request, new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e));
        }
        catch (HttpRequestException e) when (
            response is null && e.HttpRequestError != HttpRequestError.UserAuthenticationError)
        {
            throw _connection.Explain(request, e);
        }
        finally
        {
            response?.Dispose();
        }
    }

    private async Task<HttpRequestMessage> MessageAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(request.Method, new Uri(_root, request.Target))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        // SocketsHttpHandler takes SNI and the name to verify from here and ignores SslOptions.TargetHost.
        message.Headers.Host = configuration.TlsServerName;
        message.Headers.TryAddWithoutValidation("User-Agent", Agent);
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        if (configuration.TokenProvider is { } tokens)
        {
            message.Headers.Authorization = await tokens.GetAuthenticationHeaderAsync(cancellationToken);
        }

        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        }

        return message;
    }

    private async Task<T> ReadAsync<T>(
        ApiRequest request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var limit = request.MaxBytes ?? options.MaxResponseBytes;
        if (response.Content.Headers.ContentLength > limit)
        {
            throw BoundedStream.Exceeded(limit, $"{request}");
        }

        try
        {
            await using var stream = new BoundedStream(
                await response.Content.ReadAsStreamAsync(cancellationToken), limit, $"{request}");
            return await JsonSerializer.DeserializeAsync<T>(stream, request.Json, cancellationToken)
                ?? throw new JsonException("the answer is null");
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new HttpRequestException(
                HttpRequestError.ResponseEnded, $"{request}: the answer was cut: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"{request}: the answer is not the JSON expected: {e.Message}", e);
        }
    }

    private bool MayRetry(ApiRequest request, KubernetesException fault, int attempt)
    {
        if (attempt >= options.MaxRetries || fault.RetryAfter > options.MaxRetryDelay)
        {
            return false;
        }

        return fault.StatusCode == HttpStatusCode.TooManyRequests
            || ((int)fault.StatusCode >= 500
                && fault.StatusCode != HttpStatusCode.NotImplemented
                && (request.IsSafe || fault.RetryAfter is not null));
    }

    /// <summary>What the server asks plus a little, so that many clients do not come back at once; else backoff.</summary>
    private TimeSpan Delay(int attempt, TimeSpan? asked)
    {
        if (asked is { } retryAfter)
        {
            return retryAfter + (options.RetryDelay * Random.Shared.NextDouble());
        }

        var ceiling = Math.Min(
            options.MaxRetryDelay.TotalSeconds, options.RetryDelay.TotalSeconds * Math.Pow(2, attempt));
        return TimeSpan.FromSeconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Request} again in {Delay}: {Problem}")]
        public static partial void Retrying(ILogger logger, ApiRequest request, TimeSpan delay, string problem);
    }
}
