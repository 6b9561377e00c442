using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Tests.Controlling;

/// <summary>A controller that publishes what the test says and keeps what agents send.</summary>
public sealed class TestController : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestController(WebApplication app)
    {
        _app = app;
        Address = new Uri(app.Urls.Single());
        Service = app.Services.GetRequiredService<AgentEndpoint>();
    }

    public Uri Address { get; }

    public AgentEndpoint Service { get; }

    /// <param name="first">Sent to every agent that connects; agents may do so before this returns.</param>
    public static async Task<TestController> StartAsync(
        ControllerMessage? first = null,
        IPEndPoint? endPoint = null,
        Func<EndPoint, Socket>? listen = null,
        X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            endPoint ?? new IPEndPoint(IPAddress.Loopback, 0),
            options =>
            {
                options.Protocols = HttpProtocols.Http2;
                if (certificate is not null)
                {
                    options.UseHttps(certificate);
                }
            }));
        if (listen is not null)
        {
            builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = listen);
        }

        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = SnapshotLimits.MaxAgentMessageBytes);
        builder.Services.AddSingleton<AgentEndpoint>();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseRouting();
        app.MapGrpcService<AgentEndpoint>();
        if (first is not null)
        {
            app.Services.GetRequiredService<AgentEndpoint>().Publish(first);
        }

        await app.StartAsync();
        return new TestController(app);
    }

    public async ValueTask DisposeAsync()
    {
        using var hurry = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(hurry.Token);
        await _app.DisposeAsync();
    }

    public sealed class AgentEndpoint : AgentService.AgentServiceBase
    {
        private readonly ConcurrentDictionary<Guid, (string Node, IServerStreamWriter<ControllerMessage> Writer)> _streams = [];
        private volatile ControllerMessage? _first;

        public ConcurrentQueue<(string Node, AgentMessage Message)> Received { get; } = [];

        public int Streams;

        /// <summary>What each stream was opened with.</summary>
        public ConcurrentQueue<string?> Authorizations { get; } = [];

        /// <summary>Sent to every agent that connects from now on.</summary>
        public void Publish(ControllerMessage first) => _first = first;

        public async Task SendAsync(ControllerMessage message)
        {
            foreach (var (_, writer) in _streams.Values)
            {
                await writer.WriteAsync(message);
            }
        }

        public IEnumerable<T> Messages<T>(Func<AgentMessage, T?> pick, string? node = null)
            where T : class =>
            Received.Where(item => node is null || item.Node == node).Select(item => pick(item.Message)).OfType<T>();

        public override async Task Connect(
            IAsyncStreamReader<AgentMessage> requestStream,
            IServerStreamWriter<ControllerMessage> responseStream,
            ServerCallContext context)
        {
            Interlocked.Increment(ref Streams);
            Authorizations.Enqueue(context.RequestHeaders.GetValue("authorization"));
            var id = Guid.NewGuid();
            var node = "";
            try
            {
                await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
                {
                    if (message.Hello is { } hello)
                    {
                        node = hello.NodeName;
                        if (_first is { } first)
                        {
                            await responseStream.WriteAsync(first);
                        }

                        _streams[id] = (node, responseStream);
                    }

                    Received.Enqueue((node, message));
                }
            }
            finally
            {
                _streams.TryRemove(id, out _);
            }
        }
    }
}
