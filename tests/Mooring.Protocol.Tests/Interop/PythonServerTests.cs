using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Mooring.Protocol.Tests.Grpc;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Tests.Interop;

/// <summary>Our client, Debian's grpcio as server.</summary>
public sealed class PythonServerTests : IAsyncLifetime
{
    private Process? _server;
    private string? _descriptor;
    private GrpcChannel? _channel;

    public async ValueTask InitializeAsync()
    {
        Python.SkipUnlessAvailable();
        _descriptor = Python.WriteDescriptor();
        _server = Python.Start("agent_server.py", _descriptor);
        var port = await _server.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(2));
        _channel = GrpcChannel.ForAddress(
            $"http://127.0.0.1:{port}", new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20 });
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
        {
            _server.Kill();
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        if (_descriptor is not null)
        {
            File.Delete(_descriptor);
        }
    }

    [Fact]
    public async Task Connect_Hellos_AreAnsweredOneByOne()
    {
        using var call = Client.Connect();
        for (var revision = 1UL; revision < 20; revision++)
        {
            await call.RequestStream.WriteAsync(Hello("a", revision));
            (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
            call.ResponseStream.Current.Snapshot.Revision.ShouldBe(revision + 1);
        }

        await call.RequestStream.CompleteAsync();
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeFalse();
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
    }

    [Fact]
    public async Task Connect_BigMessages_BothWays()
    {
        using var call = Client.Connect();
        await call.RequestStream.WriteAsync(Hello("big", 20_000_000));
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
        call.ResponseStream.Current.Snapshot.Nodes.Count.ShouldBe(20_000);

        var message = Hello("size", 1);
        message.Hello.AgentVersion = new string('v', 5_000_000);
        await call.RequestStream.WriteAsync(message);
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
        call.ResponseStream.Current.Snapshot.Revision.ShouldBe((ulong)message.CalculateSize());
    }

    [Fact]
    public async Task Connect_Refused_HasCodeDetailAndTrailers()
    {
        using var call = Client.Connect();
        await call.RequestStream.WriteAsync(Hello("refused", 1));

        var failure = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        failure.StatusCode.ShouldBe(StatusCode.FailedPrecondition);
        failure.Status.Detail.ShouldBe("node ünknown: 100 %");
        failure.Trailers.GetValue("x-reason").ShouldBe("unknown");
        failure.Trailers.GetValueBytes("x-proof-bin").ShouldBe([0, 255, 7]);
    }

    [Fact]
    public async Task Connect_DeadlinePasses_IsDeadlineExceeded()
    {
        // Connected first, so that the call gets to the service within its deadline.
        using var before = _channel!.CreateCallInvoker().AsyncUnaryCall(EchoService.SayMethod, null, default, [1]);
        await before.ResponseAsync;
        using var call = Client.Connect(deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(5));
        await call.RequestStream.WriteAsync(Hello("hang", 1));

        (await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None)))
            .StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Unary_KnownAndUnknownMethod_AnswerAndUnimplemented()
    {
        var invoker = _channel!.CreateCallInvoker();
        using var say = invoker.AsyncUnaryCall(EchoService.SayMethod, null, default, [1, 2, 3]);
        (await say.ResponseAsync).ShouldBe([1, 2, 3]);

        using var sing = invoker.AsyncUnaryCall(EchoService.NoSuchMethod, null, default, []);
        (await Should.ThrowAsync<RpcException>(() => sing.ResponseAsync)).StatusCode.ShouldBe(StatusCode.Unimplemented);
    }

    [Fact]
    public async Task Connect_ServerKilled_IsUnavailableOrInternal()
    {
        using var call = Client.Connect();
        await call.RequestStream.WriteAsync(Hello("a", 1));
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
        var reading = call.ResponseStream.MoveNext(CancellationToken.None);

        _server!.Kill();

        (await Should.ThrowAsync<RpcException>(() => reading.WaitAsync(TimeSpan.FromMinutes(2))))
            .StatusCode.ShouldBeOneOf(StatusCode.Unavailable, StatusCode.Internal);
    }

    private AgentService.AgentServiceClient Client => new(_channel!);

    private static AgentMessage Hello(string name, ulong revision) =>
        new() { Hello = new Hello { NodeName = name, AppliedRevision = revision } };
}
