using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Mooring.Protocol.Snapshots;

namespace Mooring.Controller.Tests;

/// <summary>By what an agent knows its controller, and what it proves itself with.</summary>
internal sealed record FakeCredentials(string AuthoritiesPem, string? Token)
{
    public Metadata? Headers => Token is null ? null : new Metadata { { "authorization", $"Bearer {Token}" } };

    public GrpcChannel Open(string controller)
    {
        var target = new Uri(controller);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(AuthoritiesPem);
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, AllowTlsResume = false },
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(target.Host, target.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return GrpcChannel.ForAddress(
            new UriBuilder(target) { Host = "mooring-controller" }.Uri,
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = SnapshotLimits.MaxControllerMessageBytes,
            });
    }
}
