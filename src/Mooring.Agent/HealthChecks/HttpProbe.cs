using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Passes when a GET is answered with an expected status. Every check opens its own connection, as a new client of
/// the backend would; only the head of the answer is read, and it is bounded.
/// </summary>
internal sealed class HttpProbe : IHealthProbe, IDisposable
{
    /// <summary>Largest response head accepted, in kilobytes.</summary>
    private const int MaxResponseHeadersKilobytes = 16;

    private static readonly StatusRange DefaultExpected = new(200, 399);

    private readonly TimeProvider _timeProvider;
    private readonly HttpMessageInvoker _verifying;
    private readonly HttpMessageInvoker _trusting;

    public HttpProbe(TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _verifying = new HttpMessageInvoker(Handler(skipVerify: false));
        _trusting = new HttpMessageInvoker(Handler(skipVerify: true));
    }

    public async Task<ProbeOutcome> ProbeAsync(HealthCheckTarget target, CancellationToken cancellationToken)
    {
        var check = target.Check;
        var endPoint = target.ProbeEndPoint;
        using var timeout = new CancellationTokenSource(check.Timeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = Request(check, endPoint);
            var invoker = check.TlsSkipVerify ? _trusting : _verifying;
            using var response = await invoker.SendAsync(request, either.Token).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            return IsExpected(check, status)
                ? ProbeOutcome.Passed
                : ProbeOutcome.Failed($"HTTP {status} from {endPoint}{check.Path}, expected {Expected(check)}");
        }
        catch (HttpRequestException exception)
        {
            return ProbeOutcome.Failed(Describe(exception, endPoint));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProbeOutcome.Failed($"no answer from {endPoint} within {Duration.Format(check.Timeout)}");
        }
    }

    public void Dispose()
    {
        _verifying.Dispose();
        _trusting.Dispose();
    }

    private static HttpRequestMessage Request(HealthCheckIntent check, IPEndPoint endPoint)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri($"{(check.Tls ? "https" : "http")}://{endPoint}{check.Path}"));
        request.Headers.ConnectionClose = true;
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("mooring-agent", "0"));
        if (check.Host is not null)
        {
            request.Headers.Host = check.Host;
        }

        return request;
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

    private static string Describe(HttpRequestException exception, IPEndPoint endPoint)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case SocketException socket:
                    return SocketFailure.Describe(socket, endPoint);
                case AuthenticationException tls:
                    return $"TLS with {endPoint}: {tls.Message}";
                default:
                    continue;
            }
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.ResponseEnded => $"{endPoint} closed the connection without an answer",
            HttpRequestError.InvalidResponse => $"{endPoint} answered with something that is not HTTP",
            HttpRequestError.ConfigurationLimitExceeded =>
                $"{endPoint} answered with headers of more than {MaxResponseHeadersKilobytes} KiB",
            _ => $"{endPoint}: {exception.Message}",
        };
    }

    private static SocketsHttpHandler Handler(bool skipVerify)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxResponseHeadersKilobytes,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.Zero,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        };
        if (skipVerify)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            };
        }

        return handler;
    }
}
