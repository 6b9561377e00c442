using System.Net.Http.Headers;

namespace k8s.Authentication;

/// <summary>
/// A token in a file that somebody else keeps fresh: the kubelet replaces a mounted service account token well before
/// it expires, so one minute of caching (client-go's period) never serves an expired one.
/// </summary>
internal sealed class FileTokenProvider(string path, TimeProvider time) : ITokenProvider
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private volatile Cached? _cached;

    public async ValueTask<AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(
        CancellationToken cancellationToken)
    {
        if (_cached is { } cached && time.GetElapsedTime(cached.ReadAt) < Period)
        {
            return cached.Header;
        }

        string token;
        try
        {
            token = (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HttpRequestException(
                HttpRequestError.UserAuthenticationError, $"the token file {path} cannot be read: {e.Message}", e);
        }

        if (token.Length == 0)
        {
            throw new HttpRequestException(
                HttpRequestError.UserAuthenticationError, $"the token file {path} is empty");
        }

        var header = new AuthenticationHeaderValue("Bearer", token);
        _cached = new Cached(header, time.GetTimestamp());
        return header;
    }

    public void Invalidate() => _cached = null;

    private sealed record Cached(AuthenticationHeaderValue Header, long ReadAt);
}
