using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mooring.Agent.Tests.HealthChecks.Servers;

/// <summary>An authority and certificates of it, in files as servers take them.</summary>
internal sealed class TestAuthority
{
    private readonly X509Certificate2 _authority;
    private readonly string _directory;

    public TestAuthority(string directory)
    {
        _directory = directory;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Mooring test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        _authority = request.CreateSelfSigned(now.AddYears(-10), now.AddYears(10));
        Pem = _authority.ExportCertificatePem();
    }

    public string Pem { get; }

    /// <summary>Writes NAME.crt and NAME.key; returns their paths, and one of a file with both.</summary>
    public (string Certificate, string Key, string Both) Issue(
        string name, string dnsName, DateTimeOffset notAfter, IPAddress? address = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={dnsName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dnsName);
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(
            _authority, notAfter.AddYears(-1), notAfter, RandomNumberGenerator.GetBytes(8));
        var paths = (
            Path.Combine(_directory, $"{name}.crt"), Path.Combine(_directory, $"{name}.key"), Path.Combine(_directory, $"{name}.pem"));
        File.WriteAllText(paths.Item1, certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(paths.Item2, key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(paths.Item3, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n");
        return paths;
    }
}
