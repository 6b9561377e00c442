namespace Mooring.Core.Snapshots;

/// <summary>TLS of a check.</summary>
public sealed record TlsCheckIntent
{
    /// <summary>Any certificate is taken.</summary>
    public bool SkipVerify { get; init; }

    /// <summary>Sent as SNI, and looked for in the certificate; null for the check's host, then the address.</summary>
    public string? ServerName { get; init; }

    /// <summary>Authorities in PEM that are trusted instead of the system's; null for those.</summary>
    public string? CaCertificates { get; init; }

    /// <summary>A certificate that ends sooner is told of; zero for never.</summary>
    public TimeSpan ExpiryWarning { get; init; }
}
