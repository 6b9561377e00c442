using System.ComponentModel;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks.Probes;

/// <summary>
/// A connection to an endpoint, over TLS if the check asks for it. Every check opens one, as a new client would; it is
/// closed by reset, so that no TIME_WAIT piles up.
/// </summary>
internal sealed class ProbeConnection(Socket socket) : IDisposable
{
    private ResettingStream? _plain;
    private SslStream? _secure;
    private bool _used;

    /// <summary>What is read from and written to. Whoever speaks HTTP over it ends a wait by disposing it, so it owns the socket.</summary>
    public Stream Stream => (Stream?)_secure ?? (_plain ??= new ResettingStream(socket));

    /// <summary>It was closed, and a second one was asked for.</summary>
    public bool WasClosed { get; private set; }

    /// <summary>True once: a request is not tried again over another connection.</summary>
    public bool TryUse()
    {
        (_used, WasClosed) = (true, _used);
        return !WasClosed;
    }

    /// <summary>What was found about the certificate.</summary>
    public string? Warning { get; private set; }

    public void Dispose()
    {
        _secure?.Dispose();
        _plain?.Dispose();
        socket.Dispose();
    }

    /// <summary>Puts TLS over the connection.</summary>
    /// <returns>Why the handshake failed; empty when it did not.</returns>
    public async Task<string> SecureAsync(
        HealthCheckTarget target,
        TlsCheckIntent tls,
        SslApplicationProtocol? protocol,
        TimeProvider timeProvider,
        CancellationToken deadline)
    {
        var endPoint = target.ProbeEndPoint;
        var certificate = new CertificateCheck(tls, CertificateCheck.NameFor(target.Check, endPoint), timeProvider);
        var secure = new SslStream(Stream, leaveInnerStreamOpen: false);
        _secure = secure;
        try
        {
            await secure.AuthenticateAsClientAsync(certificate.Options(protocol), deadline).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return $"TLS: no handshake with {endPoint} within {Duration.Format(target.Check.Timeout)}";
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or Win32Exception or NotSupportedException)
        {
            if (certificate.Failure is { } failure)
            {
                return failure;
            }

            return SocketFailure.Find(exception) is { } socket
                ? $"TLS: {SocketFailure.Describe(socket, endPoint)}"
                : $"TLS: handshake with {endPoint} failed: {exception.GetBaseException().Message}";
        }

        Warning = certificate.Warning;
        return protocol is { } wanted && secure.NegotiatedApplicationProtocol != wanted
            ? $"TLS: {endPoint} does not speak {wanted} (ALPN)"
            : "";
    }

    /// <summary>Closes its socket. Of itself a stream ends the connection by a FIN first: two packets more before the reset.</summary>
    private sealed class ResettingStream(Socket socket) : NetworkStream(socket, ownsSocket: false)
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Socket.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
