using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace k8s.KubeConfigModels;

/// <summary>
/// A client certificate and its key in files that somebody else renews: each connection that is opened shows what they
/// hold by then. While they are being replaced, and do not fit each other, the last pair that did stays in use.
/// </summary>
internal sealed class ClientCertificateFiles
{
    private readonly Lock _lock = new();
    private readonly string _certificateFile;
    private readonly string _keyFile;
    private (DateTime Certificate, DateTime Key) _written;
    private X509Certificate2 _current;

    /// <exception cref="CryptographicException">Not PEM, or not of one pair.</exception>
    public ClientCertificateFiles(string certificateFile, string keyFile)
    {
        _certificateFile = certificateFile;
        _keyFile = keyFile;
        _written = Written();
        _current = Read();
    }

    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            var written = Written();
            if (written != _written)
            {
                try
                {
                    _current = Read();
                    _written = written;
                }
                catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
                {
                    // Half replaced: read again for the next connection. If it stays so, the server says what it
                    // thinks of the old one once that has expired.
                }
            }

            return _current;
        }
    }

    private X509Certificate2 Read() => X509Certificate2.CreateFromPemFile(_certificateFile, _keyFile);

    /// <summary>Follows links, as the files of a mounted secret are.</summary>
    private (DateTime Certificate, DateTime Key) Written() => (Written(_certificateFile), Written(_keyFile));

    private static DateTime Written(string file)
    {
        var target = File.ResolveLinkTarget(file, returnFinalTarget: true);
        return File.GetLastWriteTimeUtc(target?.FullName ?? file);
    }
}
