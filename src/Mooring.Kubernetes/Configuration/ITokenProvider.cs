using System.Net.Http.Headers;

namespace k8s.Authentication;

/// <summary>What to send as Authorization.</summary>
public interface ITokenProvider
{
    /// <summary>The header for the next request, or null for none. Cheap: called for every request.</summary>
    ValueTask<AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(CancellationToken cancellationToken);

    /// <summary>The server refused the last header with 401: the next call must not answer from a cache.</summary>
    void Invalidate();
}
