namespace Mooring.Controller.Trust;

/// <summary>
/// The authorities of a moment. While one replaces another, agents trust both: first the next one is made known, then
/// it signs, then the previous one is forgotten.
/// </summary>
internal sealed record AuthoritySet
{
    public required Authority Signing { get; init; }

    /// <summary>Trusted, and to sign soon.</summary>
    public Authority? Next { get; init; }

    /// <summary>Trusted, and signs no more.</summary>
    public Authority? Previous { get; init; }

    /// <summary>When the set last changed.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>What agents have to trust, PEM.</summary>
    public string Bundle => string.Concat(Signing.CertificatePem, Next?.CertificatePem, Previous?.CertificatePem);
}
