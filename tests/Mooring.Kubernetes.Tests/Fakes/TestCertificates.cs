using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>An authority of the test's own.</summary>
internal sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    public TestCertificates(string name = "test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Authority = request.CreateSelfSigned(Now.AddYears(-2), Now.AddYears(2));
    }

    public X509Certificate2 Authority { get; }

    public string AuthorityPem => Authority.ExportCertificatePem();

    public X509Certificate2 Server(bool expired = false) =>
        Issue("CN=server", expired ? Now.AddDays(-1) : Now.AddDays(1), server: true).Certificate;

    public (string CertificatePem, string KeyPem) Client(string name, bool expired = false)
    {
        var (certificate, key) = Issue($"CN={name}", expired ? Now.AddDays(-1) : Now.AddDays(1), server: false);
        using (certificate)
        {
            return (certificate.ExportCertificatePem(), key);
        }
    }

    public void Dispose() => Authority.Dispose();

    private (X509Certificate2 Certificate, string KeyPem) Issue(string subject, DateTimeOffset until, bool server)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (server)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("k8s.internal");
            request.CertificateExtensions.Add(names.Build());
        }

        using var signed = request.Create(Authority, Now.AddDays(-10), until, RandomNumberGenerator.GetBytes(8));
        return (signed.CopyWithPrivateKey(key), key.ExportPkcs8PrivateKeyPem());
    }
}
