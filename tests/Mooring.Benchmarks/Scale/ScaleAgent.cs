using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Benchmarks.Scale;

/// <summary>An agent as the controller sees it: TLS, token, Hello, and an Ack for everything it gets. It has no kernel.</summary>
internal sealed class ScaleAgent(int number, Uri controller, string authority, string token, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private GrpcChannel? _channel;
    private long _acknowledged;

    public static string Node(int number) => $"node-{number:d4}";

    /// <summary>Highest revision it has acknowledged.</summary>
    public ulong Acknowledged => (ulong)Interlocked.Read(ref _acknowledged);

    /// <summary>Timestamp at which it had acknowledged a whole snapshot; 0 before.</summary>
    public long HadWhole { get; private set; }

    public int WholeBytes { get; private set; }

    public int Attempts { get; private set; }

    public string LastFailure { get; private set; } = "";

    /// <summary>Connects until it is stopped, with the agents' own delays between attempts.</summary>
    public async Task RunAsync()
    {
        var delay = TimeSpan.FromMilliseconds(100);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Attempts++;
                await StreamAsync();
            }
            catch (RpcException e)
            {
                LastFailure = $"{e.StatusCode} {e.Status.Detail}";
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(delay * (0.5 + (0.5 * Random.Shared.NextDouble())), time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < TimeSpan.FromSeconds(5) ? delay * 2 : TimeSpan.FromSeconds(5);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _channel?.Dispose();
    }

    private async Task StreamAsync()
    {
        using var channel = Open();
        _channel = channel;
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            RevisionMessage.Connect,
            null,
            new CallOptions(new Metadata { { "authorization", $"Bearer {token}" } }, CancellationToken: _stop.Token));
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = Hello() }, _stop.Token);
        while (await call.ResponseStream.MoveNext(_stop.Token))
        {
            var message = call.ResponseStream.Current;
            await call.RequestStream.WriteAsync(
                new AgentMessage { Ack = new Ack { Revision = message.Revision, Applied = true } }, _stop.Token);
            Interlocked.Exchange(ref _acknowledged, (long)message.Revision);
            if (message.Whole)
            {
                WholeBytes = message.Bytes;
                HadWhole = time.GetTimestamp();
            }
        }
    }

    private Hello Hello()
    {
        var hello = new Hello
        {
            NodeName = Node(number),
            AgentVersion = "bench",
            ProtocolVersion = 1,
            BootId = Guid.NewGuid().ToString("N"),
            AppliedRevision = 0,
            Facts = new NodeFacts(),
        };
        hello.Facts.ForwardingModes.Add(ForwardingMode.Nat);
        hello.Facts.Interfaces.Add(new NetworkInterface
        {
            Name = "eth0",
            Index = 2,
            Up = true,
            Mtu = 1500,
            MacAddress = ByteString.CopyFrom(2, 0, 0, 0, (byte)(number / 256), (byte)(number % 256)),
            Addresses = { $"10.100.{200 + (number / 250)}.{1 + (number % 250)}/16" },
        });
        return hello;
    }

    private GrpcChannel Open()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(authority);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy, AllowTlsResume = false },
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(controller.Host, controller.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return GrpcChannel.ForAddress(
            new UriBuilder(controller) { Host = "mooring-controller" }.Uri,
            new GrpcChannelOptions
            {
                HttpHandler = handler,
                DisposeHttpClient = true,
                MaxReceiveMessageSize = SnapshotLimits.MaxControllerMessageBytes,
            });
    }
}
