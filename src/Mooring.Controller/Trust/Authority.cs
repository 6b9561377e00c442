using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mooring.Controller.Trust;

/// <summary>A certificate authority of the controller's own, whose certificates only this product's agents look at.</summary>
/// <param name="CertificatePem">Its own certificate.</param>
/// <param name="KeyPem">PKCS #8; null for one that is still trusted and signs no more.</param>
internal sealed record Authority(string CertificatePem, string? KeyPem)
{
    /// <summary>How far the clocks of two nodes may differ.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>The key stays out of logs and exceptions.</summary>
    public override string ToString() => $"authority until {NotAfter:O}";

    public static Authority Create(DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // Each has a name of its own, so that nobody tries the one for the other.
        var name = $"CN=mooring-ca-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now - ClockSkew, now + lifetime);
        return Read(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <exception cref="CryptographicException">One of the two is damaged, or they do not belong together.</exception>
    public static Authority Read(string certificatePem, string? keyPem)
    {
        using var certificate = keyPem is null
            ? X509Certificate2.CreateFromPem(certificatePem)
            : X509Certificate2.CreateFromPem(certificatePem, keyPem);
        return new Authority(certificatePem.Trim() + "\n", keyPem is null ? null : keyPem.Trim() + "\n")
        {
            NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
            NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
        };
    }

    /// <summary>A certificate and a new key for a server; the key is nowhere but in what is returned.</summary>
    public X509Certificate2 IssueServer(IReadOnlyList<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var authority = X509Certificate2.CreateFromPem(
            CertificatePem, KeyPem ?? throw new InvalidOperationException("this authority signs no more"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var end = now + lifetime < NotAfter ? now + lifetime : NotAfter;
        using var issued = request.Create(authority, Latest(now - ClockSkew, NotBefore), end, RandomNumberGenerator.GetBytes(16));
        return issued.CopyWithPrivateKey(key);
    }

    private static DateTimeOffset Latest(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
