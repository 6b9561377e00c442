using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mooring.Controller.Trust;

/// <summary>
/// The certificate that this replica shows to agents. Its key never leaves the process; a new one is issued long before
/// it ends and as soon as another authority signs, and connections made before go on.
/// </summary>
internal sealed partial class ServerCertificate(
    IOptions<ControllerOptions> options, TimeProvider time, ILogger<ServerCertificate> logger)
{
    /// <summary>What agents expect, at whatever address they reach a controller.</summary>
    public const string Name = "mooring-controller";

    private volatile Issued? _issued;

    /// <summary>Null before there is an authority: handshakes fail, and agents try again.</summary>
    public X509Certificate2? Current => _issued?.Certificate;

    /// <summary>End of the current one and of the authority that signed it.</summary>
    public (DateTimeOffset Server, DateTimeOffset Authority)? Ends =>
        _issued is { } issued ? (issued.Ends, issued.Authority.NotAfter) : null;

    /// <summary>Issues a certificate when there is none, when two thirds of its life are over, or by another authority.</summary>
    public void Renew(Authority authority)
    {
        var now = time.GetUtcNow();
        if (_issued is { } issued && issued.Authority.CertificatePem == authority.CertificatePem && now < issued.RenewAt)
        {
            return;
        }

        var @namespace = options.Value.Namespace;
        var certificate = authority.IssueServer(
            [Name, $"{Name}.{@namespace}", $"{Name}.{@namespace}.svc"], now, options.Value.CertificateLifetime);
        var ends = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());

        // The one before may be part of a handshake at this moment: the collector takes it.
        _issued = new Issued(certificate, authority, ends, now + ((ends - now) * (2.0 / 3)));
        Log.Issued(logger, certificate.SerialNumber, ends);
    }

    private sealed record Issued(X509Certificate2 Certificate, Authority Authority, DateTimeOffset Ends, DateTimeOffset RenewAt);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Certificate {Serial} issued, good until {NotAfter:O}")]
        public static partial void Issued(ILogger logger, string serial, DateTimeOffset notAfter);
    }
}
