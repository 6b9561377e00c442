using Grpc.Core;

namespace Mooring.Protocol.Tests.Grpc;

/// <summary>A service of plain bytes whose request says how to behave.</summary>
[BindServiceMethod(typeof(EchoService), nameof(BindService))]
public sealed class EchoService(EchoLog log)
{
    public const string Name = "mooring.test.Echo";

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create<byte[]>(b => b, b => b);

    public static readonly Method<byte[], byte[]> SayMethod = new(MethodType.Unary, Name, nameof(Say), Bytes, Bytes);
    public static readonly Method<byte[], byte[]> ChatMethod = new(MethodType.DuplexStreaming, Name, nameof(Chat), Bytes, Bytes);
    public static readonly Method<byte[], byte[]> NoSuchMethod = new(MethodType.Unary, Name, "Sing", Bytes, Bytes);

    public static void BindService(ServiceBinderBase binder, EchoService? service)
    {
        binder.AddMethod(SayMethod, service is null ? null : new UnaryServerMethod<byte[], byte[]>(service.Say));
        binder.AddMethod(ChatMethod, service is null ? null : new DuplexStreamingServerMethod<byte[], byte[]>(service.Chat));
    }

    public async Task<byte[]> Say(byte[] request, ServerCallContext context)
    {
        foreach (var entry in context.RequestHeaders.Where(e => e.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            context.ResponseTrailers.Add(entry);
        }

        await ObeyAsync(request, context);
        return request;
    }

    public async Task Chat(
        IAsyncStreamReader<byte[]> requestStream, IServerStreamWriter<byte[]> responseStream, ServerCallContext context)
    {
        log.Started.TrySetResult();
        await using var registration = context.CancellationToken.Register(() => log.Cancelled.TrySetResult());
        try
        {
            await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
            {
                await ObeyAsync(request, context);
                await responseStream.WriteAsync(request);
            }
        }
        finally
        {
            log.Ended.TrySetResult();
        }
    }

    private async Task ObeyAsync(byte[] request, ServerCallContext context)
    {
        switch (System.Text.Encoding.UTF8.GetString(request, 0, Math.Min(request.Length, 16)))
        {
            case "fail":
                throw new RpcException(
                    new Status(StatusCode.FailedPrecondition, "näme taken: 100 %\nreally"),
                    new Metadata { { "x-reason", "taken" }, { "x-proof-bin", [0, 255, 7] } });
            case "throw":
                throw new InvalidOperationException("secret");
            case "hang":
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
                break;
            case "stubborn":
                await log.Finish.Task;
                break;
        }
    }
}
