using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mooring.Sandbox.KubeApi.Access;

/// <summary>
/// A certificate authority of the server's own. TLS is not for secrecy on loopback: kubectl and every client-go program
/// send a token only over TLS.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now;

    private CertificateAuthority(X509Certificate2 authority, DateTimeOffset now)
    {
        _authority = authority;
        _now = now;
    }

    /// <summary>The authority's certificate, for clients to trust.</summary>
    public string CertificatePem => _authority.ExportCertificatePem();

    /// <summary>The authority's certificate and key, to take up again after a restart.</summary>
    public string ExportPem()
    {
        using var key = _authority.GetECDsaPrivateKey()!;
        return $"{CertificatePem}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }

    public static CertificateAuthority FromPem(string pem, DateTimeOffset now) => new(X509Certificate2.CreateFromPem(pem, pem), now);

    public static CertificateAuthority Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mooring-sandbox", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new CertificateAuthority(request.CreateSelfSigned(now - ClockSkew, now + Lifetime), now);
    }

    /// <summary>A certificate for the server's addresses.</summary>
    public X509Certificate2 IssueServer(IEnumerable<IPAddress> addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kube-apiserver", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var address in addresses.Append(IPAddress.Loopback).Distinct())
        {
            names.AddIpAddress(address);
        }

        foreach (var name in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"])
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var issued = request.Create(_authority, _now - ClockSkew, new DateTimeOffset(_authority.NotAfter), RandomNumberGenerator.GetBytes(16));
        return issued.CopyWithPrivateKey(key);
    }

    public void Dispose() => _authority.Dispose();
}
