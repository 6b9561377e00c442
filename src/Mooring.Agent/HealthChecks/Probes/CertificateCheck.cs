using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>Judges the certificate of one handshake, and says what is wrong with it as a person would.</summary>
internal sealed class CertificateCheck(TlsCheckIntent tls, string name, TimeProvider timeProvider)
{
    /// <summary>Authorities are parsed once for all the checks that share a setting.</summary>
    private static readonly ConditionalWeakTable<TlsCheckIntent, X509Certificate2Collection> Parsed = [];

    /// <summary>Why the certificate was refused.</summary>
    public string? Failure { get; private set; }

    /// <summary>What to look at although it was taken.</summary>
    public string? Warning { get; private set; }

    public SslClientAuthenticationOptions Options(SslApplicationProtocol? protocol) => new()
    {
        TargetHost = name,
        ApplicationProtocols = protocol is { } one ? [one] : null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = Judge,
    };

    private X509ChainPolicy Policy()
    {
        // No downloads of certificates in between: a check must not wait for other servers, nor call them.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (tls.CaCertificates is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(Parsed.GetValue(tls, Parse));
        }

        return policy;
    }

    private static X509Certificate2Collection Parse(TlsCheckIntent tls)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(tls.CaCertificates);
        }
        catch (CryptographicException)
        {
            // The controller reads them first; what it could not read trusts nobody.
            certificates.Clear();
        }

        return certificates;
    }

    private bool Judge(object sender, X509Certificate? presented, X509Chain? chain, SslPolicyErrors errors)
    {
        if (presented is not X509Certificate2 certificate)
        {
            Failure = "TLS: the server presented no certificate";
            return tls.SkipVerify;
        }

        if (!tls.SkipVerify && Find(certificate, chain, errors) is { } failure)
        {
            Failure = failure;
            return false;
        }

        var left = certificate.NotAfter.ToUniversalTime() - timeProvider.GetUtcNow().UtcDateTime;
        if (tls.ExpiryWarning > TimeSpan.Zero && left < tls.ExpiryWarning)
        {
            Warning = left < TimeSpan.Zero
                ? $"TLS: certificate expired {Date(certificate.NotAfter)}"
                : $"TLS: certificate expires {Date(certificate.NotAfter)}";
        }

        return true;
    }

    private string? Find(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var now = timeProvider.GetUtcNow().UtcDateTime;
        if (certificate.NotAfter.ToUniversalTime() < now)
        {
            return $"TLS: certificate expired {Date(certificate.NotAfter)}";
        }

        if (certificate.NotBefore.ToUniversalTime() > now)
        {
            return $"TLS: certificate is not valid before {Date(certificate.NotBefore)}";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return $"TLS: certificate is for {Names(certificate)}, not for {name}";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? Untrusted(certificate, chain) : null;
    }

    private static string Untrusted(X509Certificate2 certificate, X509Chain? chain)
    {
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            if (element.ChainElementStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)))
            {
                return $"TLS: certificate of the authority {element.Certificate.Subject} expired {Date(element.Certificate.NotAfter)}";
            }
        }

        const X509ChainStatusFlags Unknown = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;
        var statuses = chain?.ChainStatus.Select(status => status.Status).Aggregate(default(X509ChainStatusFlags), (all, one) => all | one);
        return statuses is null || (statuses & Unknown) != 0
            ? $"TLS: certificate is of an authority that is not trusted ({certificate.Issuer})"
            : $"TLS: certificate is not valid: {statuses}";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        try
        {
            string[] names =
            [
                .. extension?.EnumerateDnsNames().Take(4) ?? [],
                .. extension?.EnumerateIPAddresses().Take(4).Select(address => address.ToString()) ?? [],
            ];
            return names.Length > 0 ? string.Join(", ", names) : certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        }
        catch (CryptographicException)
        {
            return "names that cannot be read";
        }
    }

    private static string Date(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The name the certificate must carry.</summary>
    public static string NameFor(HealthCheckIntent check, IPEndPoint endPoint)
    {
        if (check.Tls?.ServerName is { } server)
        {
            return server;
        }

        // The host may have a port, which no certificate carries.
        return check.Host is { } host && Uri.TryCreate($"https://{host}", UriKind.Absolute, out var uri)
            ? uri.IdnHost
            : endPoint.Address.ToString();
    }
}
