using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Mooring.Protocol.Snapshots;

namespace Mooring.Agent.Controlling;

/// <summary>
/// Connections to controllers: which authorities they trust, and the token that this agent proves itself with. Both are
/// files that change under it, so they are read anew for every connection.
/// </summary>
internal sealed class ControllerChannels(string authorityFile, string tokenFile)
{
    /// <summary>In the certificate of every controller, at whatever address it is reached.</summary>
    public const string ServerName = "mooring-controller";

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int MaxFileBytes = 1024 * 1024;

    /// <summary>A dead controller is noticed after the delay and the timeout together.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    /// <summary>A channel per attempt: the name is resolved anew, and another replica may answer.</summary>
    /// <exception cref="ControllerCredentialsException">There are no authorities to trust yet, or none that can be read.</exception>
    public GrpcChannel Open(Uri controller)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        };
        var address = controller;
        if (controller.Scheme == Uri.UriSchemeHttps)
        {
            handler.SslOptions = Trust();

            // TLS expects the certificate's name where HTTP has the host: the socket goes where the option says.
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(controller, cancellationToken);
            address = new UriBuilder(controller) { Host = ServerName }.Uri;
        }

        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = SnapshotLimits.MaxControllerMessageBytes,
        });
    }

    /// <summary>The token as the kubelet renewed it last; never sent without TLS.</summary>
    /// <returns>Null for a controller that is reached without TLS.</returns>
    /// <exception cref="ControllerCredentialsException">It is not there.</exception>
    public string? Token(Uri controller)
    {
        if (controller.Scheme != Uri.UriSchemeHttps)
        {
            return null;
        }

        var token = ReadFile(tokenFile, "token").Trim();
        return token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? token
            : throw new ControllerCredentialsException($"{tokenFile} has no token in it");
    }

    public static Metadata? Headers(string? token) =>
        token is null ? null : new Metadata { { "authorization", $"Bearer {token}" } };

    private SslClientAuthenticationOptions Trust()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            ApplicationPolicy = { new Oid(ServerAuthentication) },
        };
        try
        {
            policy.CustomTrustStore.ImportFromPem(ReadFile(authorityFile, "certificate authority"));
        }
        catch (CryptographicException exception)
        {
            throw new ControllerCredentialsException($"{authorityFile} has a damaged certificate in it", exception);
        }

        return policy.CustomTrustStore.Count == 0
            ? throw new ControllerCredentialsException($"{authorityFile} has no certificate in it")
            : new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                AllowTlsResume = false,
                CertificateChainPolicy = policy,
            };
    }

    private static string ReadFile(string path, string what)
    {
        try
        {
            return new FileInfo(path).Length <= MaxFileBytes
                ? File.ReadAllText(path)
                : throw new ControllerCredentialsException($"{path} is too large to be a {what}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ControllerCredentialsException($"no {what} yet: {exception.Message}", exception);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(Uri controller, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(controller.IdnHost, controller.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
