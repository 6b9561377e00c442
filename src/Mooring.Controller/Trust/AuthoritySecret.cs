using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mooring.Controller.Trust;

/// <summary>An <see cref="AuthoritySet"/> as the entries of a Secret.</summary>
internal static class AuthoritySecret
{
    public const string Certificate = "ca.crt";
    public const string Key = "ca.key";
    public const string NextCertificate = "next.crt";
    public const string NextKey = "next.key";
    public const string PreviousCertificate = "previous.crt";
    public const string Since = "since";

    public static Dictionary<string, byte[]> Write(AuthoritySet set)
    {
        var data = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        Add(data, Certificate, set.Signing.CertificatePem);
        Add(data, Key, set.Signing.KeyPem);
        Add(data, NextCertificate, set.Next?.CertificatePem);
        Add(data, NextKey, set.Next?.KeyPem);
        Add(data, PreviousCertificate, set.Previous?.CertificatePem);
        Add(data, Since, set.Since.ToString("O", CultureInfo.InvariantCulture));
        return data;
    }

    /// <returns>Null when there is nothing in it yet.</returns>
    /// <exception cref="InvalidDataException">What is wrong with it, without its contents.</exception>
    public static AuthoritySet? Read(IDictionary<string, byte[]>? data)
    {
        if (data is null || data.Count == 0)
        {
            return null;
        }

        if (!DateTimeOffset.TryParse(
            Text(data, Since), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since))
        {
            throw new InvalidDataException($"data.{Since} must be a time");
        }

        return new AuthoritySet
        {
            Signing = Read(data, Certificate, Key) ?? throw new InvalidDataException($"data.{Certificate} is missing"),
            Next = Read(data, NextCertificate, NextKey),
            Previous = Read(data, PreviousCertificate, null),
            Since = since,
        };
    }

    private static Authority? Read(IDictionary<string, byte[]> data, string certificate, string? key)
    {
        if (Text(data, certificate) is not { } pem)
        {
            return null;
        }

        try
        {
            return Authority.Read(
                pem, key is null ? null : Text(data, key) ?? throw new InvalidDataException($"data.{key} is missing"));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Said without its words, which may quote what could not be read.
            throw new InvalidDataException(
                key is null ? $"data.{certificate} is damaged" : $"data.{certificate} and data.{key} are damaged or no pair", e);
        }
    }

    private static string? Text(IDictionary<string, byte[]> data, string entry) =>
        data.TryGetValue(entry, out var value) ? Encoding.ASCII.GetString(value) : null;

    private static void Add(Dictionary<string, byte[]> data, string entry, string? text)
    {
        if (text is not null)
        {
            data[entry] = Encoding.ASCII.GetBytes(text);
        }
    }
}
