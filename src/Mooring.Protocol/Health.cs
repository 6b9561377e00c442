using Google.Protobuf;
using Grpc.Core;

namespace Grpc.Health.V1;

/// <summary>The service of health.proto, in the shape in which the gRPC plugin of protoc generates its client.</summary>
public static class Health
{
    private static readonly Method<HealthCheckRequest, HealthCheckResponse> CheckMethod = new(
        MethodType.Unary,
        "grpc.health.v1.Health",
        "Check",
        Create(HealthCheckRequest.Parser),
        Create(HealthCheckResponse.Parser));

    private static Marshaller<T> Create<T>(MessageParser<T> parser)
        where T : class, IMessage<T>, IBufferMessage => Marshallers.Create<T>(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    public sealed class HealthClient : ClientBase<HealthClient>
    {
        public HealthClient(ChannelBase channel)
            : base(channel)
        {
        }

        public HealthClient(CallInvoker callInvoker)
            : base(callInvoker)
        {
        }

        public AsyncUnaryCall<HealthCheckResponse> CheckAsync(
            HealthCheckRequest request,
            Metadata? headers = null,
            DateTime? deadline = null,
            CancellationToken cancellationToken = default) =>
            CallInvoker.AsyncUnaryCall(CheckMethod, null, new CallOptions(headers, deadline, cancellationToken), request);
    }
}
