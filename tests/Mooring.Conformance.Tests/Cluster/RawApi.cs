using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>Plain HTTP to the server of a kubeconfig, for what the wire itself must show.</summary>
internal sealed class RawApi : IDisposable
{
    public const string UserAgent = "mooring-conformance";

    private readonly KubernetesClientConfiguration _configuration;
    private readonly HttpClient _http;

    public RawApi(KubernetesClientConfiguration configuration)
    {
        _configuration = configuration;
        _http = Connect(configuration, configuration.ClientCertificate);
    }

    public Task<Answer> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, accept: accept);

    public Task<Answer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

    public Task<Answer> MergeAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    public Task<Answer> JsonPatchAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/json-patch+json");

    public Task<Answer> StrategicAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/strategic-merge-patch+json");

    /// <summary>Server-side apply; the body is JSON, which is YAML too.</summary>
    public Task<Answer> ApplyAsync(string path, string manager, string config, bool force = false, string query = "") => SendAsync(
        HttpMethod.Patch, $"{path}?fieldManager={manager}{(force ? "&force=true" : "")}{query}", config, "application/apply-patch+yaml");

    public Task<Answer> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, options);

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? body = null, string contentType = "application/json", string? accept = null, string? ifNoneMatch = null)
    {
        // Not the test's own token: what a stopped test leaves behind is still removed.
        using var limit = new CancellationTokenSource(Eventually.Patience);
        using var response = await ServedAsync(
            async () =>
            {
                var request = await RequestAsync(method, path, accept);
                if (body is not null)
                {
                    request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
                }

                if (ifNoneMatch is not null)
                {
                    request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
                }

                return request;
            },
            HttpCompletionOption.ResponseContentRead,
            limit.Token);
        var text = await response.Content.ReadAsStringAsync(limit.Token);
        return new Answer($"{method} {path}", (int)response.StatusCode, response.Headers, response.Content.Headers.ContentType, text);
    }

    public async Task<WatchStream> WatchAsync(string path, string? accept = null) => await WatchStream.OpenAsync(
        $"GET {path}",
        await ServedAsync(() => RequestAsync(HttpMethod.Get, path, accept), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken));

    /// <summary>A request with a token of its own and no certificate; an empty one goes without any.</summary>
    public async Task<Answer> GetAsStrangerAsync(string path, string token)
    {
        using var http = Connect(_configuration, null);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Root, path));
        request.Headers.Authorization = token.Length == 0 ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer($"GET {path}", (int)response.StatusCode, response.Headers, response.Content.Headers.ContentType, text);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Sends until it is not told to come back later, as a busy server does, and one whose cache of a new kind is not filled yet.
    /// </summary>
    private async Task<HttpResponseMessage> ServedAsync(
        Func<Task<HttpRequestMessage>> make, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var request = await make();
            var response = await _http.SendAsync(request, completion, cancellationToken);
            if (response.StatusCode != HttpStatusCode.TooManyRequests)
            {
                return response;
            }

            var wait = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1);
            response.Dispose();
            await Task.Delay(wait, TimeProvider.System, cancellationToken);
        }
    }

    private Uri Root => new(_configuration.Host.AbsoluteUri.TrimEnd('/') + "/");

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, string? accept)
    {
        var request = new HttpRequestMessage(method, new Uri(Root, path.TrimStart('/')));
        if (_configuration.TokenProvider is { } tokens)
        {
            request.Headers.Authorization = await tokens.GetAuthenticationHeaderAsync(CancellationToken.None);
        }

        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        return request;
    }

    private static HttpClient Connect(KubernetesClientConfiguration configuration, X509Certificate2? certificate)
    {
        var tls = new SslClientAuthenticationOptions();
        if (certificate is not null)
        {
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        if (configuration.SkipTlsVerify)
        {
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (configuration.SslCaCerts is { } roots)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
        }

        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, SslOptions = tls };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.ParseAdd($"{UserAgent}/1.0");
        return http;
    }
}
