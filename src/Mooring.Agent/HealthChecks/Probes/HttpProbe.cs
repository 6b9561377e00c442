using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>
/// Passes when a GET is answered with an expected status and, if asked for, a body that matches. What is read of an answer
/// is bounded: the head by <see cref="OneConnection.MaxHeadersKilobytes"/>, the body by <see cref="MaxBodyBytes"/>.
/// </summary>
internal sealed class HttpProbe(ProbeConnector connector) : IHealthProbe
{
    /// <summary>How much of a body is read to find a match.</summary>
    public const int MaxBodyBytes = 64 * 1024;

    private static readonly StatusRange DefaultExpected = new(200, 399);
    private static readonly ProductInfoHeaderValue UserAgent = new("mooring-agent", "0");

    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken deadline)
    {
        var check = target.Check;

        // HTTP/1.1 needs no ALPN, and servers without it would be refused.
        var (connection, failure) = await connector.OpenAsync(
            target, check.Http2 ? SslApplicationProtocol.Http2 : null, deadline).ConfigureAwait(false);
        using (connection)
        {
            return connection is null
                ? ProbeOutcome.Failed(failure)
                : await AskAsync(target, connection, deadline).ConfigureAwait(false);
        }
    }

    private static async Task<ProbeOutcome> AskAsync(
        HealthCheckTarget target, ProbeConnection connection, CancellationToken deadline)
    {
        var (check, endPoint) = (target.Check, target.ProbeEndPoint);
        var answered = false;
        try
        {
            using var invoker = new HttpMessageInvoker(OneConnection.Handler(connection));
            using var request = Request(check, endPoint);
            using var response = await invoker.SendAsync(request, deadline).ConfigureAwait(false);
            answered = true;
            var status = (int)response.StatusCode;
            if (!IsExpected(check, status))
            {
                return ProbeOutcome.Failed($"HTTP {status} from {endPoint}{check.Path}, expected {Expected(check)}");
            }

            if (check.ExpectedBody is { } expected
                && !await MatchesAsync(response.Content, AnswerPattern.Shared(expected), deadline).ConfigureAwait(false))
            {
                return ProbeOutcome.Failed($"body from {endPoint}{check.Path} does not match {expected}");
            }

            return ProbeOutcome.PassedWith(connection.Warning);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            var within = Duration.Format(check.Timeout);
            return ProbeOutcome.Failed(answered
                ? $"no whole answer from {endPoint} within {within}" : $"no answer from {endPoint} within {within}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return ProbeOutcome.Failed(connection.WasClosed
                ? $"{endPoint} closed the connection without an answer"
                : Describe(exception, endPoint, answered));
        }
    }

    private static HttpRequestMessage Request(HealthCheckIntent check, IPEndPoint endPoint)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri($"{(check.Tls is null ? "http" : "https")}://{endPoint}{check.Path}"))
        {
            Version = check.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!check.Http2)
        {
            request.Headers.ConnectionClose = true;
        }

        foreach (var header in check.Headers)
        {
            // Headers of a body are not for a GET; the others are taken as they are written.
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        if (!request.Headers.NonValidated.Contains("User-Agent"))
        {
            request.Headers.UserAgent.Add(UserAgent);
        }

        request.Headers.Host = check.Host;
        return request;
    }

    private static async Task<bool> MatchesAsync(HttpContent content, AnswerPattern pattern, CancellationToken deadline)
    {
        var body = new byte[MaxBodyBytes];
        var length = 0;
        var stream = await content.ReadAsStreamAsync(deadline).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            while (length < body.Length)
            {
                var read = await stream.ReadAsync(body.AsMemory(length), deadline).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                length += read;
            }
        }

        return pattern.IsMatchOfText(body.AsSpan(0, length));
    }

    private static bool IsExpected(HealthCheckIntent check, int status)
    {
        if (check.ExpectedStatuses.IsDefaultOrEmpty)
        {
            return DefaultExpected.Contains(status);
        }

        foreach (var range in check.ExpectedStatuses)
        {
            if (range.Contains(status))
            {
                return true;
            }
        }

        return false;
    }

    private static string Expected(HealthCheckIntent check) => check.ExpectedStatuses.IsDefaultOrEmpty
        ? DefaultExpected.ToString()
        : string.Join(", ", check.ExpectedStatuses);

    private static string Describe(Exception exception, IPEndPoint endPoint, bool answered)
    {
        if (SocketFailure.Find(exception) is { } socket)
        {
            return SocketFailure.Describe(socket, endPoint);
        }

        return ((exception as HttpRequestException)?.HttpRequestError ?? (exception as HttpIOException)?.HttpRequestError) switch
        {
            HttpRequestError.ResponseEnded when answered => $"{endPoint} closed the connection within its answer",
            HttpRequestError.ResponseEnded => $"{endPoint} closed the connection without an answer",
            HttpRequestError.InvalidResponse => $"{endPoint} answered with something that is not HTTP",
            HttpRequestError.HttpProtocolError => $"{endPoint} broke the rules of HTTP/2",
            HttpRequestError.ConfigurationLimitExceeded =>
                $"{endPoint} answered with headers of more than {OneConnection.MaxHeadersKilobytes} KiB",
            _ => $"{endPoint}: {exception.GetBaseException().Message}",
        };
    }
}
