using System.Net.Http.Headers;
using System.Text;

namespace k8s.Authentication;

internal sealed class StaticTokenProvider : ITokenProvider
{
    private readonly AuthenticationHeaderValue _header;

    private StaticTokenProvider(AuthenticationHeaderValue header) => _header = header;

    public static StaticTokenProvider Bearer(string token) => new(new AuthenticationHeaderValue("Bearer", token));

    public static StaticTokenProvider Basic(string userName, string password) => new(new AuthenticationHeaderValue(
        "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{userName}:{password}"))));

    public ValueTask<AuthenticationHeaderValue?> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<AuthenticationHeaderValue?>(_header);

    public void Invalidate()
    {
        // There is no other token to offer.
    }
}
