using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Authentication;

namespace Mooring.Kubernetes.Client;

/// <summary>The connections to the API server: TLS as configured, HTTP/2 where served, dead ones found by pings.</summary>
internal static class KubernetesHandler
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public static SocketsHttpHandler Create(KubernetesClientConfiguration configuration) => new()
    {
        UseProxy = false,
        UseCookies = false,
        // A redirect would carry the token to whom it does not belong.
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        ConnectTimeout = ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        SslOptions = Tls(configuration),
    };

    /// <summary>The certificate to show by now, if there is one.</summary>
    public static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration) =>
        configuration.ClientCertificateFiles?.Current()
        ?? configuration.ClientCertificate
        ?? (configuration.TokenProvider as ExecCredentialProvider)?.ClientCertificate;

    private static SslClientAuthenticationOptions Tls(KubernetesClientConfiguration configuration)
    {
        var tls = new SslClientAuthenticationOptions();
        if (configuration.ClientCertificate is not null
            || configuration.TokenProvider is ExecCredentialProvider)
        {
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => ClientCertificate(configuration)!;
        }

        if (configuration.SkipTlsVerify)
        {
            tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        }
        else if (configuration.SslCaCerts is { } roots)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(roots);
            tls.CertificateChainPolicy = policy;
        }

        return tls;
    }
}
