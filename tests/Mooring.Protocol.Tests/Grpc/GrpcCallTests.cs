using System.Text;
using Grpc.Core;
using Grpc.Net.Client;

namespace Mooring.Protocol.Tests.Grpc;

/// <summary>Our client against our server.</summary>
public sealed class GrpcCallTests : IAsyncLifetime
{
    private GrpcServer _server = null!;
    private GrpcChannel _channel = null!;
    private CallInvoker _invoker = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await GrpcServer.StartAsync();
        _channel = GrpcChannel.ForAddress(_server.Address, new GrpcChannelOptions { MaxReceiveMessageSize = GrpcServer.MaxMessage });
        _invoker = _channel.CreateCallInvoker();
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Unary_Request_ComesBackWithMetadata()
    {
        using var call = _invoker.AsyncUnaryCall(
            EchoService.SayMethod,
            null,
            new CallOptions(new Metadata { { "x-text", "a b" }, { "x-bytes-bin", [1, 2, 250] } }),
            "hello"u8.ToArray());

        Encoding.UTF8.GetString(await call.ResponseAsync).ShouldBe("hello");
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
        call.GetTrailers().GetValue("x-text").ShouldBe("a b");
        call.GetTrailers().GetValueBytes("x-bytes-bin").ShouldBe([1, 2, 250]);
    }

    [Fact]
    public async Task Unary_EmptyMessage_IsAMessage()
    {
        (await SayAsync([])).ShouldBeEmpty();
    }

    [Fact]
    public async Task Unary_MessageOfTheLargestSize_ComesBack()
    {
        var message = new byte[GrpcServer.MaxMessage];
        new Random(1).NextBytes(message);

        (await SayAsync(message)).ShouldBe(message);
    }

    [Fact]
    public async Task Unary_MessageAboveTheLargestSize_IsResourceExhausted()
    {
        var failure = await FailAsync(new byte[GrpcServer.MaxMessage + 1]);

        failure.StatusCode.ShouldBe(StatusCode.ResourceExhausted);
        failure.Status.Detail.ShouldContain($"{GrpcServer.MaxMessage + 1} bytes exceeds the maximum of {GrpcServer.MaxMessage}");
    }

    [Fact]
    public async Task Unary_ServiceThrowsRpcException_ArrivesWithDetailAndTrailers()
    {
        var failure = await FailAsync("fail"u8.ToArray());

        failure.StatusCode.ShouldBe(StatusCode.FailedPrecondition);
        failure.Status.Detail.ShouldBe("näme taken: 100 %\nreally");
        failure.Trailers.GetValue("x-reason").ShouldBe("taken");
        failure.Trailers.GetValueBytes("x-proof-bin").ShouldBe([0, 255, 7]);
    }

    [Fact]
    public async Task Unary_ServiceThrowsOtherException_IsUnknownAndTellsNothing()
    {
        var failure = await FailAsync("throw"u8.ToArray());

        failure.StatusCode.ShouldBe(StatusCode.Unknown);
        failure.Status.Detail.ShouldNotContain("secret");
    }

    [Fact]
    public async Task Unary_MethodNotServed_IsUnimplemented()
    {
        using var call = _invoker.AsyncUnaryCall(EchoService.NoSuchMethod, null, default, []);

        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode.ShouldBe(StatusCode.Unimplemented);
    }

    [Fact]
    public async Task Unary_NobodyListens_IsUnavailable()
    {
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        using var call = channel.CreateCallInvoker().AsyncUnaryCall(EchoService.SayMethod, null, default, []);

        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode.ShouldBe(StatusCode.Unavailable);
    }

    [Theory]
    [InlineData("hang")]
    [InlineData("stubborn")]
    public async Task Deadline_ServiceStillAtWork_IsDeadlineExceeded(string behaviour)
    {
        var options = new CallOptions(Deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(100));
        using var call = _invoker.AsyncUnaryCall(EchoService.SayMethod, null, options, Encoding.UTF8.GetBytes(behaviour));

        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Deadline_InThePast_IsDeadlineExceeded()
    {
        var options = new CallOptions(Deadline: DateTime.UnixEpoch);
        using var call = _invoker.AsyncUnaryCall(EchoService.SayMethod, null, options, "hello"u8.ToArray());

        (await Should.ThrowAsync<RpcException>(() => call.ResponseAsync)).StatusCode.ShouldBe(StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Duplex_Messages_AreAnsweredOneByOneUntilCompleted()
    {
        using var call = _invoker.AsyncDuplexStreamingCall(EchoService.ChatMethod, null, default);
        for (var i = 0; i < 50; i++)
        {
            await call.RequestStream.WriteAsync(BitConverter.GetBytes(i));
            (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();
            call.ResponseStream.Current.ShouldBe(BitConverter.GetBytes(i));
        }

        await call.RequestStream.CompleteAsync();
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeFalse();
        call.GetStatus().StatusCode.ShouldBe(StatusCode.OK);
    }

    [Fact]
    public async Task Duplex_ServerEndsTheCall_ReadAndWriteSayWhy()
    {
        using var call = _invoker.AsyncDuplexStreamingCall(EchoService.ChatMethod, null, default);
        await call.RequestStream.WriteAsync("fail"u8.ToArray());

        var read = await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        read.StatusCode.ShouldBe(StatusCode.FailedPrecondition);
        var write = await Should.ThrowAsync<RpcException>(() => call.RequestStream.WriteAsync([1]));
        write.StatusCode.ShouldBe(StatusCode.FailedPrecondition);
    }

    [Fact]
    public async Task Duplex_ClientDisposesTheCall_ServiceEnds()
    {
        var call = _invoker.AsyncDuplexStreamingCall(EchoService.ChatMethod, null, default);
        await call.RequestStream.WriteAsync("x"u8.ToArray());
        await _server.Log.Started.Task.WaitAsync(TimeSpan.FromMinutes(2));

        call.Dispose();

        // A service that reads at that moment may see the stream end before it sees the cancellation.
        await _server.Log.Ended.Task.WaitAsync(TimeSpan.FromMinutes(2));
        call.GetStatus().StatusCode.ShouldBe(StatusCode.Cancelled);
    }

    [Fact]
    public async Task Duplex_ReaderGivesUp_IsCancelled()
    {
        using var call = _invoker.AsyncDuplexStreamingCall(EchoService.ChatMethod, null, default);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        (await Should.ThrowAsync<RpcException>(() => call.ResponseStream.MoveNext(impatient.Token)))
            .StatusCode.ShouldBe(StatusCode.Cancelled);
    }

    [Fact]
    public async Task Duplex_ServerGoesAway_EndsTheCall()
    {
        using var call = _invoker.AsyncDuplexStreamingCall(EchoService.ChatMethod, null, default);
        await call.RequestStream.WriteAsync("x"u8.ToArray());
        (await call.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();

        var reading = call.ResponseStream.MoveNext(CancellationToken.None);
        await _server.DisposeAsync();

        await Should.ThrowAsync<RpcException>(() => reading.WaitAsync(TimeSpan.FromMinutes(2)));
    }

    private async Task<byte[]> SayAsync(byte[] message)
    {
        using var call = _invoker.AsyncUnaryCall(EchoService.SayMethod, null, default, message);
        return await call.ResponseAsync;
    }

    private Task<RpcException> FailAsync(byte[] message) => Should.ThrowAsync<RpcException>(() => SayAsync(message));
}
