using Google.Protobuf;
using Grpc.Core;

namespace Mooring.Protocol.V1Alpha1;

/// <summary>The service of agent.proto, in the shape in which the gRPC plugin of protoc generates it.</summary>
public static class AgentService
{
    internal const string ServiceName = "mooring.agent.v1alpha1.AgentService";

    private static readonly Method<AgentMessage, ControllerMessage> ConnectMethod = new(
        MethodType.DuplexStreaming,
        ServiceName,
        "Connect",
        Create(AgentMessage.Parser),
        Create(ControllerMessage.Parser));

    /// <summary>Adds the methods of the service to the binder; <paramref name="serviceImpl"/> is null to learn them only.</summary>
    public static void BindService(ServiceBinderBase serviceBinder, AgentServiceBase? serviceImpl) =>
        serviceBinder.AddMethod(
            ConnectMethod,
            serviceImpl is null ? null : new DuplexStreamingServerMethod<AgentMessage, ControllerMessage>(serviceImpl.Connect));

    internal static Marshaller<T> Create<T>(MessageParser<T> parser)
        where T : class, IMessage<T>, IBufferMessage => Marshallers.Create<T>(
            static (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    /// <summary>What a controller implements.</summary>
    [BindServiceMethod(typeof(AgentService), nameof(BindService))]
    public abstract class AgentServiceBase
    {
        public virtual Task Connect(
            IAsyncStreamReader<AgentMessage> requestStream,
            IServerStreamWriter<ControllerMessage> responseStream,
            ServerCallContext context) => throw new RpcException(new Status(StatusCode.Unimplemented, ""));
    }

    /// <summary>What an agent calls.</summary>
    public sealed class AgentServiceClient : ClientBase<AgentServiceClient>
    {
        public AgentServiceClient(ChannelBase channel)
            : base(channel)
        {
        }

        public AgentServiceClient(CallInvoker callInvoker)
            : base(callInvoker)
        {
        }

        public AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> Connect(
            Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default) =>
            Connect(new CallOptions(headers, deadline, cancellationToken));

        public AsyncDuplexStreamingCall<AgentMessage, ControllerMessage> Connect(CallOptions options) =>
            CallInvoker.AsyncDuplexStreamingCall(ConnectMethod, null, options);
    }
}
