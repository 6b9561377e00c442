using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Cluster;

/// <summary>A client of the API server that trusts its authority and nobody else.</summary>
internal static class ApiServerTrust
{
    public static HttpClient CreateClient(ApiServer server)
    {
        var authority = X509Certificate2.CreateFromPem(server.CertificateAuthorityPem);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { authority },
                },
            },
        };
        return new HttpClient(handler)
        {
            BaseAddress = server.Address,
            Timeout = Timeout.InfiniteTimeSpan, // watches
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", server.Token) },
        };
    }
}
