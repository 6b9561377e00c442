using System.Net;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>The API server answered with an error.</summary>
public sealed class KubernetesException(HttpStatusCode statusCode, V1Status status, TimeSpan? retryAfter = null)
    : Exception(status.Message ?? $"the API server answered {(int)statusCode}")
{
    public HttpStatusCode StatusCode { get; } = statusCode;

    public V1Status Status { get; } = status;

    /// <summary>The server's Retry-After, if it sent one.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
