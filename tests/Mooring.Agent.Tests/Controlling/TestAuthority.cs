using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mooring.Agent.Tests.Controlling;

/// <summary>An authority as the controller makes them, and certificates of it that are not always as they should be.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "CN=test-ca")
    {
        var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        _certificate = request.CreateSelfSigned(Now.AddDays(-10), Now.AddDays(10));
    }

    public string Pem => _certificate.ExportCertificatePem() + "\n";

    /// <param name="endsInMinutes">Negative for one that has expired.</param>
    public X509Certificate2 Issue(string name = "mooring-controller", int endsInMinutes = 60)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var issued = request.Create(
            _certificate, Now.AddDays(-1), Now.AddMinutes(endsInMinutes), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
