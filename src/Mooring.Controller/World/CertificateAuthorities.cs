using System.Collections.Immutable;
using Mooring.Controller.Validation;

namespace Mooring.Controller.World;

/// <summary>Contents of the Secrets that checks take their authorities from, as far as they could be read.</summary>
internal sealed class CertificateAuthorities(ImmutableDictionary<SecretEntry, CertificateAuthorities.Content> contents)
{
    public static readonly CertificateAuthorities None = new(ImmutableDictionary<SecretEntry, Content>.Empty);

    /// <summary>The settings with the authorities filled in, or with a finding.</summary>
    public PoolSettings Complete(PoolSettings pool)
    {
        if (pool is not { Authority: { } entry, HealthCheck: { Tls: { } tls } check })
        {
            return pool;
        }

        var content = contents.GetValueOrDefault(entry) ?? new Content(null, "has not been read yet; it is tried again");
        return content.Pem is { } pem
            ? pool with { HealthCheck = check with { Tls = tls with { CaCertificates = pem } } }
            : pool with
            {
                Findings = pool.Findings.Add(new Finding(
                    Reasons.InvalidCertificateAuthority,
                    "spec.healthCheck.tls.caSecretRef",
                    $"Secret '{entry.Name}' {content.Problem}")),
            };
    }

    /// <param name="Pem">Certificates; null when there are none that can be used.</param>
    /// <param name="Problem">Why there are none, with the fix.</param>
    internal sealed record Content(string? Pem, string? Problem);
}
