using System.Security.Authentication;
using k8s;

namespace Mooring.Kubernetes.Client;

/// <summary>
/// Says of a request that got no answer what was asked of whom, and what was wrong on the way: the handler's own words
/// leave that to inner exceptions.
/// </summary>
internal sealed class ConnectionFault(KubernetesClientConfiguration configuration, TimeProvider time)
{
    public HttpRequestException TimedOut(ApiRequest request, TimeSpan limit, Exception e) => new(
        $"{request}: no complete answer from {configuration.Host} within {limit.TotalSeconds:0.###} s",
        new TimeoutException(e.Message, e));

    /// <summary>The handler gives up a connection that is not made in time by a cancellation of its own.</summary>
    public HttpRequestException NotReached(ApiRequest request, Exception e) => new(
        HttpRequestError.ConnectionError,
        $"{request}: {configuration.Host} cannot be reached within {KubernetesHandler.ConnectTimeout.TotalSeconds:0} s",
        e);

    public HttpRequestException Explain(ApiRequest request, HttpRequestException e)
    {
        var host = configuration.Host;
        return e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError => new(
                e.HttpRequestError, $"{request}: {host} cannot be reached: {e.Message}", e),
            HttpRequestError.SecureConnectionError => new(
                e.HttpRequestError, $"{request}: no trusted connection to {host}: {Innermost(e).Message}{Expired()}", e),

            // A reset before the head of the answer, which the handler has no name for.
            HttpRequestError.Unknown when e.InnerException is IOException => Lost(HttpRequestError.ResponseEnded),
            HttpRequestError.ResponseEnded => Lost(HttpRequestError.ResponseEnded),
            _ when Expired().Length > 0 => Lost(e.HttpRequestError),
            _ => e,
        };

        HttpRequestException Lost(HttpRequestError error) =>
            new(error, $"{request}: the connection to {host} was lost: {e.Message}{Expired()}", e);
    }

    public KubernetesException Explain(KubernetesException refusal)
    {
        if (Expired() is { Length: > 0 } why)
        {
            refusal.Status.Message += why;
            return new KubernetesException(refusal.StatusCode, refusal.Status, refusal.RetryAfter);
        }

        return refusal;
    }

    /// <summary>The reason of a failed handshake that names the chain's or the name's fault.</summary>
    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner && e is not AuthenticationException)
        {
            e = inner;
        }

        return e;
    }

    /// <summary>Servers say only that they do not know us; that our certificate has expired is ours to see.</summary>
    private string Expired() =>
        KubernetesHandler.ClientCertificate(configuration) is { } mine && mine.NotAfter.ToUniversalTime() < time.GetUtcNow().UtcDateTime
            ? $"; the client certificate {mine.Subject} expired at {mine.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z"
            : "";
}
