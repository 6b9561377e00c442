using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s.Exceptions;

namespace k8s.KubeConfigModels;

internal static class PemFiles
{
    public static X509Certificate2Collection Certificates(string file)
    {
        try
        {
            return Parse(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new KubeConfigException(file, null, $"cannot be used as certificates: {e.Message}", e);
        }
    }

    /// <exception cref="CryptographicException">Not PEM, or PEM without a certificate.</exception>
    public static X509Certificate2Collection Parse(string pem)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPem(pem);
        return found.Count > 0 ? found : throw new CryptographicException("there is no certificate in it");
    }
}
